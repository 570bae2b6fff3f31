import type { Contestant } from "../bench.js";
import type { TaskName, Tasks } from "../task.js";

/** Our library with a task. */
export const ours = <Name extends TaskName>(
  task: Name,
  sizes: Tasks[Name],
  more: Partial<Contestant> = {},
): Contestant => ({ subject: "ours", process: "ours", task, sizes, ...more });

/** Our library and some peers with the same task. */
export const all = <Name extends TaskName>(
  peers: readonly string[],
  task: Name,
  sizes: Tasks[Name],
  work: number,
): Contestant[] =>
  ["ours", ...peers].map((process) => ours(task, sizes, { subject: process, process, work }));

/** Our library with another task, as a reference for shares. */
export const yardstick = <Name extends TaskName>(
  subject: "ceiling" | "gemm",
  task: Name,
  sizes: Tasks[Name],
  work?: number,
): Contestant => ours(task, sizes, { subject, work, yardstick: true });

/** The adapter's arithmetic; about 30 ms on two cores. */
export const arithmetic = (quick: boolean): Contestant =>
  yardstick("ceiling", "fma", { megaflops: quick ? 100 : 2000 });
