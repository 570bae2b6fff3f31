import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { type Backbone, spreadOf } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";
import { DRAWN, MNIST_IMAGES, SHOTS, type Stored } from "./data.js";
import { meanOf, type Row } from "./measure.js";

/** What the figures are of. */
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

/** The study as Markdown. */
export function tableOf(rows: readonly Row[], facts: Facts): string {
  const sets = Object.keys(rows[0]?.tests ?? {});
  const chosen = rows.reduce<Row | null>(
    (best, row) => (best && best.heldOut >= row.heldOut ? best : row),
    null,
  );
  const head = ["setting", "held-out auxiliary", ...sets, "mean of sets"];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const sections = SHOTS.map((k) => {
    const body = rows.map((row) => {
      const draws = sets.map((set) => row.tests[set]?.[k] ?? []);
      const mean = draws[0]?.map((_, draw) => meanOf(draws.map((of) => of[draw] as number))) ?? [];
      const name = row === chosen ? `**${row.name}**` : row.name;
      return line([name, row.heldOut.toFixed(3), ...[...draws, mean].map(cell)]);
    });
    const rule = line(["---", ...head.slice(1).map(() => "---:")]);
    return `## K = ${k}\n\n${line(head)}${rule}${body.join("")}`;
  });
  return `# Do heads generalise?

AUROC, mean ± standard deviation over three draws of the prompts. Written by \`bench/study/run.ts\`; its README says how.
In bold: best on auxiliary categories held out, by which alone a setting may be chosen; no test image took part in that.

${sections.join("\n")}
- Date: ${facts.date}, commit ${facts.commit}
- Machine: ${facts.machine}; adapter: ${facts.adapter}
- Backbone: ${facts.backbone}
- Auxiliary categories: ${facts.auxiliary}
- Drawn by: ${facts.drawn.map((spec) => `\`${spec}\``).join(" and ")}
- Tests: ${facts.tests}
`;
}

function cell(values: readonly number[]): string {
  const spread = spreadOf(values);
  return spread ? `${spread.mean.toFixed(3)} ± ${(spread.deviation ?? 0).toFixed(3)}` : "-";
}
