import { alignedTable, figure } from "../report/table.js";
import type { RadvRow } from "./run.js";

/** The rows of one run, with what made them. */
export interface RadvRun {
  date: string;
  commit: string;
  /** The compiler and its version. */
  compiler: string;
  rows: RadvRow[];
}

/** The last run, and one that it is compared with. */
export interface RadvResults {
  base?: RadvRun;
  now?: RadvRun;
}

const HEADINGS = [
  ...["kernel", "family", "registers", "scratch", "workgroup memory", "subgroups a SIMD", "instructions"],
  ...["matrix instructions", "multiply-adds per LDS load", "clocks per multiply-add", "of the base's clocks"],
];

/** Results as a page. */
export function describe({ base, now }: RadvResults): string {
  const part = (title: string, run: RadvRun | undefined, before?: RadvRun) =>
    run
      ? [`## ${title}`, `${run.compiler}; ${run.date}, commit ${run.commit}.`, tableOf(run, before).trimEnd()]
      : [];
  return `${[
    "# What AMD's compiler makes of the kernels",
    "Written by `npm run bench:radv`. Mesa's RADV compiles for GPUs that are not here; nothing runs. Clocks are of the main loop: the latency that " +
      "the compiler (ACO) predicts for one subgroup alone, over the multiply-adds of an invocation. They rank kernels; they are no " +
      'measurement. A kernel with no loads of workgroup memory (LDS) in its loops has "none" for multiply-adds to one.',
    ...part("Now", now, base),
    ...part("Base", base),
  ].join("\n\n")}\n`;
}

function tableOf({ rows }: RadvRun, before?: RadvRun): string {
  const shown = (value: number | null) => (value === null ? "" : figure(value));
  return alignedTable([
    HEADINGS,
    ...rows.map((row) => {
      const old = before?.rows.find(({ kernel, family }) => kernel === row.kernel && family === row.family);
      const [clocks, oldClocks] = [row.clocksPerMultiplyAdd, old?.clocksPerMultiplyAdd];
      return [
        row.kernel,
        row.family,
        ...[row.registers, row.scratch, row.lds, row.subgroups, row.instructions].map(String),
        row.matrices ? String(row.matrices) : "",
        row.perLdsLoad === null ? "none" : figure(row.perLdsLoad),
        shown(clocks),
        clocks && oldClocks ? figure(clocks / oldClocks) : "",
      ];
    }),
  ]);
}
