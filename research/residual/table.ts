import { meanOf } from "@inctrl/detect";
import { markdown } from "../report.js";
import { LARGEST, MAPS, nameOf, PAPER } from "./settings.js";

/** Areas of one category on one backbone, by setting. */
export interface Row {
  readonly backbone: string;
  readonly role: string;
  readonly set: string;
  readonly spec: string;
  readonly category: string;
  readonly areas: Readonly<Record<string, number>>;
}

const NAMES = MAPS.flatMap((setting) => LARGEST.map((largest) => nameOf(setting, largest)));

/** Mean over categories of each set, by set. */
function bySet(rows: readonly Row[], name: string): Map<string, number> {
  const sets = [...new Set(rows.map(({ spec }) => spec))];
  return new Map(
    sets.map((spec) => [
      rows.find((row) => row.spec === spec)!.set,
      meanOf(rows.filter((row) => row.spec === spec).map(({ areas }) => areas[name])),
    ]),
  );
}

/** Mean over backbones of the mean over auxiliary categories: the criterion. */
export function criterion(rows: readonly Row[], name: string): number {
  const own = rows.filter(({ role }) => role === "auxiliary");
  const backbones = [...new Set(own.map(({ backbone }) => backbone))];
  return meanOf(
    backbones.map((backbone) =>
      meanOf(own.filter((row) => row.backbone === backbone).map(({ areas }) => areas[name])),
    ),
  );
}

/** The setting that is best on auxiliary categories, which alone decide. */
export const chosenOf = (rows: readonly Row[]): string =>
  [...NAMES].sort((a, b) => criterion(rows, b) - criterion(rows, a))[0];

export function tableOf(rows: readonly Row[], most: number): string {
  const chosen = chosenOf(rows);
  const label = (name: string) => {
    const notes = [...(name === chosen ? ["chosen"] : []), ...(name === PAPER ? ["the paper"] : [])];
    return notes.length > 0 ? `**${name}** (${notes.join(", ")})` : name;
  };
  const backbones = [...new Set(rows.map(({ backbone }) => backbone))];
  const of = (backbone: string, role: string) =>
    rows.filter((row) => row.backbone === backbone && row.role === role);
  const choice = NAMES.map((name) => {
    const each = backbones.map((backbone) =>
      meanOf(of(backbone, "auxiliary").map(({ areas }) => areas[name])),
    );
    return [label(name), ...[...each, criterion(rows, name)].map((area) => area.toFixed(3))];
  });
  const sections = backbones
    .filter((backbone) => of(backbone, "reported").length > 0)
    .map((backbone) => {
      const own = of(backbone, "reported");
      const sets = [...bySet(own, PAPER).keys()];
      const body = NAMES.filter((name) => own.every(({ areas }) => name in areas)).map((name) => {
        const found = [...bySet(own, name).values()];
        return [label(name), ...[...found, meanOf(found)].map((area) => area.toFixed(3))];
      });
      return `### ${backbone}\n\n${markdown(["setting", ...sets, "mean"], body)}`;
    });
  const auxiliary = of(backbones[0], "auxiliary").map(({ set, category }) => `${category} (${set})`);
  return `# Which residual?

AUROC at K = 4. Written by \`research/residual/run.ts\`; the README beside it says how.

## The choice

One draw of the prompts, mean over ${auxiliary.length} auxiliary categories. They alone decide, by the mean over the backbones:
${auxiliary.join(", ")}.

${markdown(["setting", ...backbones, "mean"], choice)}
## Sets that had no part in it

Mean of three draws and of each set's categories (the first two where there are more), at most ${most} test images a category.

${sections.join("\n")}`;
}
