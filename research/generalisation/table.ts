import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { type Backbone, meanOf, spreadOf } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { fileOf, fillBetween } from "../../bench/src/report/fill.js";
import { markdown, shown } from "../report.js";
import { DRAWN, MNIST_IMAGES, SHOTS, type Stored } from "./data.js";
import { criterion, type Row } from "./measure.js";

/** What the figures were measured with. */
export type Facts = Awaited<ReturnType<typeof factsOf>>;

export function factsOf(
  device: Device,
  backbone: Backbone,
  auxiliary: readonly Stored[],
  tests: readonly Stored[],
) {
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", cwd: import.meta.dirname }).trim();
  const changed = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : " with changes";
  const real = auxiliary.filter((each) => each.real);
  const drawn = auxiliary.filter((each) => !each.real);
  const sizes = (some: readonly Stored[]) => {
    const labels = some.flatMap(({ train, test }) => [...train, ...test].map(({ label }) => label));
    const anomalous = labels.filter((label) => label === 1).length;
    return `${some.length} (${labels.length - anomalous} normal and ${anomalous} anomalous images)`;
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: git("rev-parse", "--short", "HEAD") + changed,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`,
    adapter: device.caps.description || device.caps.name,
    backbone: `${backbone.name}, fingerprint ${backbone.fingerprint.slice(0, 16)}, blocks ${backbone.defaultTaps.join(", ")}`,
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
    const body = rows.map((row) => {
      const draws = [...sets.map((set) => row.tests[set][k]), meansOf(row, k)];
      return [nameOf(row, rows), ...draws.map(cell)];
    });
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
export function summaryOf(rows: readonly Row[], settings: readonly Row[] = rows): string {
  const head = ["setting", "defects", "near", "far", "criterion", ...SHOTS.map((k) => `tests, K = ${k}`)];
  const body = settings.map((row) => {
    const { defects, near, far } = row.heldOut;
    const held = [defects, near, far, criterion(row.heldOut)].map((value) => value.toFixed(3));
    return [nameOf(row, rows), ...held, ...SHOTS.map((k) => cell(meansOf(row, k)))];
  });
  return markdown(head, body);
}

const nameOf = (row: Row, rows: readonly Row[]): string =>
  row === chosenOf(rows) ? `**${row.name}**` : row.name;

const cell = (draws: readonly number[]): string => shown(spreadOf(draws));

/** The mean over the test sets, draw by draw. */
function meansOf({ tests }: Row, k: number): number[] {
  const draws = Object.values(tests).map((set) => set[k]);
  return draws[0].map((_, draw) => meanOf(draws.map((of) => of[draw])));
}

const PAGE = fileOf("docs/training.md");
const MARKS = [
  "<!-- generalisation: written by research/generalisation/run.ts --docs -->",
  "<!-- /generalisation -->",
] as const;
/** The page shows the chosen setting, scores without heads, and each form with and without negatives. */
const PLAIN = "s_p alone";
const FORMS = ["paper", "sorted", "monotone"];
const trained = (form: string) => [`${form}, probability, all`, `${form}, probability, all, negatives`];
const SHOWN = [PLAIN, "mean of the 3 largest", "mean of the 10 largest", ...FORMS.flatMap(trained)];

/** Writes the main rows and what they gain into the page on training, between its marks. */
export async function fillPage(rows: readonly Row[], facts: Facts, path = PAGE): Promise<void> {
  const chosen = chosenOf(rows)!;
  const named = (wanted: string) => rows.find(({ name }) => name === wanted)!;
  const plain = named(PLAIN);
  const main = rows.filter((row) => row === chosen || SHOWN.includes(row.name));
  const gains = (row: Row) =>
    SHOTS.map((k) => signed(meanOf(meansOf(row, k)) - meanOf(meansOf(plain, k)))).join(", ");
  const lines = FORMS.map((form) => {
    const [heads, withNegatives] = trained(form).map((name) => gains(named(name)));
    return `- \`${form}\`: ${heads}; with cross-category negatives ${withNegatives}`;
  });
  const text = `${summaryOf(rows, main)}
What each form gains over s_p alone on the test sets, at K = ${SHOTS.join(", ")}:

${lines.join("\n")}

The held-out categories choose "${chosen.name}": its criterion is ${criterion(chosen.heldOut).toFixed(3)}, that of s_p alone
${criterion(plain.heldOut).toFixed(3)}. On the test sets it gains ${gains(chosen)}. (${facts.date}, commit ${facts.commit}.)
`;
  await fillBetween(path, ...MARKS, `\n${text}\n`);
}

const signed = (value: number): string => (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3);
