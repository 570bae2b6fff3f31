import { alignedTable, figure } from "../report/table.js";
import type { GpuCheckReport, Step } from "./report.js";

const HEADINGS = [
  "adapter",
  "driver",
  "processor",
  "kernels",
  "doctor",
  "parity",
  "tests",
  "GFLOP/s",
  "date, commit",
];
/** Processes waiting for each core, above which a rate says more of them than of the adapter. */
const LOADED = 0.5;

/** The adapters that reports are of, as a table, and a line on which kinds of adapters have been checked. */
export function adapterTable(reports: readonly GpuCheckReport[]): string {
  const rows = reports.map((report) => {
    const { adapter, processor, date, commit, steps, load } = report;
    const of = (name: Step["name"]) => steps.find((step) => step.name === name);
    const rate = of("doctor")?.figures["GFLOP/s"];
    return [
      `${adapter?.name ?? "none"}${adapter?.software ? " (software)" : ""}`,
      adapter?.driver ?? "",
      processor,
      adapter ? `${adapter.family}${adapter.subgroupSize ? ` of ${adapter.subgroupSize}` : ""}` : "",
      verdict(of("doctor")),
      verdict(of("parity"), "hold", "values"),
      verdict(of("tests"), "passed"),
      typeof rate !== "number" ? "" : load > LOADED ? "under load" : figure(rate),
      `${date}, ${commit}`,
    ];
  });
  const gpus = reports.filter(({ adapter }) => adapter && !adapter.software).length;
  return `\n${alignedTable([HEADINGS, ...rows])}\n${
    gpus === 0
      ? "All of these compute on the processor. **No graphics card has been checked yet**, of any maker."
      : `${gpus} of these ${gpus === 1 ? "is a graphics card" : "are graphics cards"}; no other has been checked.`
  }\n\n`;
}

/** A verdict, with how many of how many where the step counts. */
function verdict(step: Step | undefined, counted?: string, all?: string): string {
  if (!step) return "";
  const count = counted && step.figures[counted];
  const total = all && step.figures[all];
  if (typeof count !== "number") return step.verdict;
  const numbers = typeof total === "number" ? `${count} of ${total}` : `${count}`;
  return step.verdict === "passed" ? `passed, ${numbers}` : `${step.verdict}, ${numbers} right`;
}
