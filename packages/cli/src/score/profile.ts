import { count, writeFileAtomic } from "@inctrl/datasets";
import { chromeTrace, type Device, type TraceReport } from "@inctrl/tensor";
import { alignTable } from "../output/table.js";
import { size } from "../ui/amounts.js";
import { info, warn } from "../ui/log.js";

/** Kernels that the table shows; the rest share one line. */
const SHOWN = 12;

/** Where `--profile` without a file writes its trace. */
export const TRACE_FILE = "inctrl-trace.json";

/** Reports the work of the device for a run's images, and writes it as a Chrome trace. */
export async function reportProfile(
  report: TraceReport,
  { file, images, device }: { file: string; images: number; device: Device },
): Promise<void> {
  if (report.dispatches === 0) return info("profile: the device ran nothing");
  for (const line of profileLines(report, images)) info(line);
  if (!report.timed) {
    warn(`${device.caps.name} has no timestamps: there are counts only, and no trace is written`);
    return;
  }
  await writeFileAtomic(file, new TextEncoder().encode(chromeTrace(report, "inctrl score")));
  const left = report.dispatches - report.timeline.length;
  info(
    `the trace is in ${file}${left > 0 ? `, without the last ${count(left, "dispatch", "dispatches")}` : ""}; ` +
      "open it in chrome://tracing or ui.perfetto.dev",
  );
}

/** The report for one image, then a row for each kernel, the slowest first. */
export function profileLines(report: TraceReport, images: number): string[] {
  const each = (n: number) => Number((n / Math.max(1, images)).toFixed(1));
  const { dispatches, submits, allocations, peakBytes, kernels, timed } = report;
  const all = kernels.reduce((sum, { ms }) => sum + (ms ?? 0), 0);
  const summary =
    `profile: an image takes ${each(dispatches)} dispatches, ${each(submits)} submits, ` +
    `${each(allocations)} buffer allocations${timed ? ` and ${each(all)} ms` : ""}; at most ${size(peakBytes)} in buffers`;
  const rows = kernels.slice(0, SHOWN).map(({ kernel, calls, ms, flop, bytes }) => {
    const rate = (amount: number) => (ms && amount > 0 ? (amount / ms / 1e6).toFixed(1) : "-");
    const times = timed ? [each(ms ?? 0), `${((100 * (ms ?? 0)) / all).toFixed(1)}%`] : [];
    return [kernel, each(calls), ...times, ...(timed ? [rate(flop), rate(bytes)] : [])];
  });
  const heading = ["kernel", "calls", ...(timed ? ["ms", "share", "GFLOP/s", "GB/s"] : [])];
  const more = kernels.length > SHOWN ? [`and ${count(kernels.length - SHOWN, "kernel")} more`] : [];
  return [
    summary,
    ...alignTable([heading, ...rows])
      .trimEnd()
      .split("\n"),
    ...more,
  ];
}
