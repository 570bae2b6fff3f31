import type { Contestant } from "../bench.js";
import type { TaskName, Tasks } from "../task.js";

/** Our library and some peers with the same task. */
export function all<Name extends TaskName>(
  peers: readonly string[],
  task: Name,
  sizes: Tasks[Name],
  work: number,
): Contestant[] {
  return ["ours", ...peers].map((process) => ({ subject: process, process, task, sizes, work }));
}

/** Our process with another task, as a reference for shares. */
export function yardstick<Name extends TaskName>(
  subject: "ceiling" | "gemm",
  task: Name,
  sizes: Tasks[Name],
  work?: number,
): Contestant {
  return { subject, process: "ours", task, sizes, work, yardstick: true };
}

/** The adapter's arithmetic; about 30 ms on two cores. */
export const arithmetic = (quick: boolean): Contestant =>
  yardstick("ceiling", "fma", { megaflops: quick ? 100 : 2000 });
