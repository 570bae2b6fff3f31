import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { type Backbone, spreadOf } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { DRAWN, MNIST_IMAGES, SHOTS, type Stored } from "./data.js";
import { criterion, meanOf, type Row } from "./measure.js";

/** What the figures were measured with. */
export interface Facts {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly adapter: string;
  readonly backbone: string;
  readonly auxiliary: string;
  readonly drawn: readonly string[];
  readonly tests: string;
}

export async function factsOf(
  device: Device,
  backbone: Backbone,
  auxiliary: readonly Stored[],
  tests: readonly Stored[],
): Promise<Facts> {
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", cwd: import.meta.dirname }).trim();
  const changed = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : " with changes";
  const count = (some: readonly Stored[], label: number) =>
    some.reduce(
      (sum, { train, test }) => sum + [...train, ...test].filter((item) => item.label === label).length,
      0,
    );
  const real = auxiliary.filter((each) => each.real);
  const drawn = auxiliary.filter((each) => !each.real);
  const sizes = (some: readonly Stored[]) =>
    `${some.length} (${count(some, 0)} normal and ${count(some, 1)} anomalous images)`;
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: git("rev-parse", "--short", "HEAD") + changed,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`,
    adapter: device.caps.description || device.caps.name,
    backbone: `${backbone.name}, fingerprint ${backbone.fingerprint.slice(0, 16)}, blocks ${backbone.config.outBlocks.join(", ")}`,
    auxiliary: `real ${sizes(real)}: ${real.map(({ name }) => name).join(", ")}; drawn ${sizes(drawn)}`,
    drawn: DRAWN,
    tests: `${[...new Set(tests.map(({ set }) => set))].join(", ")}; of MNIST one against all, the first ${MNIST_IMAGES} test images by each of ten categories`,
  };
}

/** The best setting on held-out auxiliary categories, the only basis for a choice. */
export const chosenOf = (rows: readonly Row[]): Row | undefined =>
  [...rows].sort((a, b) => criterion(b.heldOut) - criterion(a.heldOut))[0];

/** All results as Markdown. */
export function tableOf(rows: readonly Row[], facts: Facts): string {
  const sets = Object.keys(rows[0]?.tests ?? {});
  const sections = SHOTS.map((k) => {
    const body = rows.map((row) => [
      nameOf(row, rows),
      ...sets.map((set) => cell(row.tests[set]?.[k] ?? [])),
      cell(meansOf(row, k)),
    ]);
    return `## K = ${k}\n\n${markdown(["setting", ...sets, "mean of sets"], body)}`;
  });
  return `# Do heads generalise?

AUROC, mean ± standard deviation over three draws of the prompts. Written by \`research/generalisation/run.ts\`; the README beside it says how.
In bold: the best setting on held-out auxiliary categories, which alone decide. No test image takes part in the choice.

## Summary

${summaryOf(rows)}
The first columns are of auxiliary categories that the heads were not trained on, with three kinds of anomalies: the category's own
defects, other pieces of the same family (near) and other products (far). The criterion is defects / 2 + near / 4 + far / 4. The last
columns are the mean of the test sets.

${sections.join("\n")}
- Date: ${facts.date}, commit ${facts.commit}
- Machine: ${facts.machine}; adapter: ${facts.adapter}
- Backbone: ${facts.backbone}
- Auxiliary categories: ${facts.auxiliary}
- Drawn by: ${facts.drawn.map((spec) => `\`${spec}\``).join(" and ")}
- Tests: ${facts.tests}
`;
}

/** One row for each setting: its figures on held-out auxiliary categories and the mean of the test sets. */
export function summaryOf(rows: readonly Row[], shown: readonly Row[] = rows): string {
  const head = ["setting", "defects", "near", "far", "criterion", ...SHOTS.map((k) => `tests, K = ${k}`)];
  const body = shown.map((row) => {
    const { defects, near, far } = row.heldOut;
    const held = [defects, near, far, criterion(row.heldOut)].map((value) => value.toFixed(3));
    return [nameOf(row, rows), ...held, ...SHOTS.map((k) => cell(meansOf(row, k)))];
  });
  return markdown(head, body);
}

const nameOf = (row: Row, rows: readonly Row[]): string =>
  row === chosenOf(rows) ? `**${row.name}**` : row.name;

/** The mean over the test sets, draw by draw. */
export function meansOf({ tests }: Row, k: number): number[] {
  const draws = Object.values(tests).map((set) => set[k] ?? []);
  return draws[0]?.map((_, draw) => meanOf(draws.map((of) => of[draw] as number))) ?? [];
}

function cell(values: readonly number[]): string {
  const spread = spreadOf(values);
  return spread ? `${spread.mean.toFixed(3)} ± ${(spread.deviation ?? 0).toFixed(3)}` : "-";
}

function markdown(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return [head, ["---", ...head.slice(1).map(() => "---:")], ...body].map(line).join("");
}
