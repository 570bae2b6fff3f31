import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as after } from "node:timers/promises";

/** The share of the processor's time that other work may take; a run with more is marked. */
export const BUSY = 0.1;

/** Length of a tick of Linux' counters. */
const TICK_MS = 10;

/** Milliseconds that all cores have worked since the machine began, and been taken by other guests of the host. */
export function machineTime(): number {
  const worked = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  if (!existsSync("/proc/stat")) return worked;
  const [, ...ticks] = readFileSync("/proc/stat", "utf8").split("\n", 1)[0].split(/\s+/).map(Number);
  const STOLEN = 7;
  return worked + (ticks[STOLEN] || 0) * TICK_MS;
}

/**
 * Starts a watch on other work.
 *
 * @param own milliseconds of processor time that this measurement has taken so far, in all its processes.
 * @returns what gives the share of the processor's time that other work took since, from 0 to 1.
 * @example
 * const others = watchOthers(() => bench.processorMs());
 * // ... work ...
 * if (others() > BUSY) console.error("under load");
 */
export function watchOthers(own: () => number): () => number {
  const [start, machine, ours] = [performance.now(), machineTime(), own()];
  return () => {
    const others = machineTime() - machine - (own() - ours);
    const all = (performance.now() - start) * cpus().length;
    return Math.min(1, Math.max(0, others / all));
  };
}

/** Milliseconds of processor time that this process has taken. */
export function processTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** The share of the processor's time that other work takes now, over a second. */
export async function othersNow(ms = 1000): Promise<number> {
  const others = watchOthers(processTime);
  await after(ms);
  return others();
}
