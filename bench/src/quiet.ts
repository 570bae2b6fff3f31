import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";

const WINDOW_MS = 5;
/** Windows without work in a row. */
const QUIET_WINDOWS = 3;
/** Processor time in a window that counts as none: looking and timers take less. */
const IDLE_MS = 1;

/**
 * Waits until this process computes no more. The pool of onnxruntime's threads spins for 20 to 40 ms after a run on the processor; whoever
 * is measured in that time has one of two cores less.
 *
 * @returns whether it became quiet within the limit.
 */
export async function untilQuiet(limitMs = 2000): Promise<boolean> {
  const end = performance.now() + limitMs;
  let before = used();
  for (let quiet = 0; quiet < QUIET_WINDOWS; ) {
    if (performance.now() > end) return false;
    await after(WINDOW_MS);
    const busy = othersRun();
    const now = used();
    quiet = now - before < IDLE_MS && !busy ? quiet + 1 : 0;
    before = now;
  }
  return true;
}

/** Milliseconds of processor time that all threads of this process have taken. */
function used(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/**
 * Whether another thread than the first wants a core, which on a busy machine takes no time yet. Linux tells; elsewhere false. Files are read
 * without promises, which would take other threads.
 */
function othersRun(): boolean {
  const folder = "/proc/self/task";
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some((id) => {
    if (Number(id) === process.pid) return false;
    try {
      const text = readFileSync(`${folder}/${id}/stat`, "utf8");
      return text[text.lastIndexOf(")") + 2] === "R";
    } catch {
      // The thread has ended.
      return false;
    }
  });
}
