import { basename } from "node:path";
import { type DataSet, parseDataSpec } from "@inctrl/datasets";
import { limitTest } from "@inctrl/detect";
import { DATA_FORMATS, openData, requireCategories, warnOfFiles } from "../datasets/open.js";
import { CliError } from "../errors.js";

/** What of the command's options says which images are measured. */
export interface DataOptions {
  readonly data: readonly string[];
  readonly category?: readonly string[];
  readonly limit?: number;
  readonly orientation?: "follow" | "ignore";
  readonly maxMegapixels?: number;
}

/** A data set and how it was asked for. */
export interface NamedSet extends DataSet {
  readonly spec: string;
}

/** Opens the data sets, each with a name of its own, and with the categories and as many test images as are asked for. */
export async function openSets({ data, category, limit, ...reading }: DataOptions): Promise<NamedSet[]> {
  const opened: NamedSet[] = [];
  for (const spec of data) opened.push({ ...(await openData(spec, reading)), spec });
  for (const set of opened) warnOfFiles(set.skipped);
  const known = opened.flatMap(({ categories }) => categories.map(({ name }) => name));
  requireCategories("--category", category ?? [], [...new Set(known)]);
  const names = namesOf(opened);
  return opened.flatMap((set, i) => {
    const categories = set.categories
      .filter(({ name }) => !category || category.includes(name))
      .map((each) => (limit === undefined ? each : limitTest(each, limit)));
    return categories.length > 0 ? [{ ...set, name: names[i], categories }] : [];
  });
}

/** Names of data sets: the format's, and where several have it also the folder and the options. */
function namesOf(sets: readonly NamedSet[]): string[] {
  const names = sets.map(({ name }) => name);
  const longer = sets.map(({ name, spec }) => {
    if (names.filter((each) => each === name).length === 1) return name;
    const { argument, options } = parseDataSpec(spec, DATA_FORMATS);
    const told = Object.entries(options).map((pair) => pair.join(" "));
    return [name, basename(argument), ...told].join(" ");
  });
  const twice = longer.find((name, i) => longer.indexOf(name) !== i);
  if (twice === undefined) return longer;
  throw new CliError("option", `--data: two data sets are called ${twice}; give each data set once`);
}
