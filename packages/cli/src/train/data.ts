import type { Category } from "@inctrl/datasets";
import type { TrainSettings } from "../commands/train.js";
import { chooseCategories, openData, requireCategories, warnOfFiles } from "../datasets/open.js";
import { CliError } from "../errors.js";

/** Several data sets as one list of categories. Where two share a name, the name of the data set is put before it. */
export async function openCategories(
  specs: readonly string[],
  settings: Pick<TrainSettings, "category" | "class"> &
    Partial<Pick<TrainSettings, "orientation" | "maxMegapixels">>,
): Promise<Category[]> {
  const { category: wanted, class: classNames } = settings;
  const sets = [];
  for (const spec of specs) {
    const set = await openData(spec, settings);
    warnOfFiles(set.skipped);
    sets.push(set);
  }
  const all = sets.flatMap((set) => set.categories.map((category) => ({ set, category })));
  const uses = new Map<string, number>();
  for (const { category } of all) uses.set(category.name, (uses.get(category.name) ?? 0) + 1);
  const named = all.map(({ set, category }) => {
    const shared = uses.get(category.name)! > 1;
    return shared ? { ...category, name: `${set.name}/${category.name}` } : category;
  });
  const known = named.map(({ name }) => name);
  const twice = known.find((name, i) => known.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new CliError("option", `--data: two data sets hold ${twice}; give each data set once`);
  }
  requireCategories("--class", Object.keys(classNames), known);
  return chooseCategories(named, wanted, (name) => classNames[name]);
}
