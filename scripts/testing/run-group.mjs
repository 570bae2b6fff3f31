// Runs short test files in one process, and falls back to one process each where that fails.
import { fileURLToPath } from "node:url";
import { notesOf, runFile, runProcess, verdictOf } from "./run-file.mjs";

/** @typedef {import("./run-file.mjs").Verdict} Verdict */

/** The marks at the start of the lines before and after each file. */
export const BEGINS = "\u0001begins ";
export const TOOK = "\u0001took ";
const GROUP = fileURLToPath(new URL("group.mjs", import.meta.url));

/**
 * Runs files together, and gives each a verdict by its own part of the output. A file that fails or runs nothing, or whose process
 * ends badly, runs again by itself and without bundles, and that result counts.
 *
 * @param {{cwd: string, limitMs: number, env?: Record<string, string>, groupLimitMs?: number, onReached?: (ended: number) => void}} options `limitMs` is for a
 * file, `groupLimitMs` for all together; `onReached` is told how many files have ended.
 * @param {(file: string, verdict: Verdict) => void} report called with the verdict on each file.
 */
export async function runGroup(files, { cwd, limitMs, env, groupLimitMs = limitMs, onReached }, report) {
  const onOutput = (output) => onReached?.(output.split(TOOK).length - 1);
  const together = { cwd, env, limitMs: groupLimitMs, onOutput };
  const { output, code, signal, timedOut } = await runProcess([GROUP, ...files], together);
  const isClean = code === 0 && !signal && !timedOut;
  const parts = output.split(BEGINS).slice(1);
  for (const [i, file] of files.entries()) {
    const [text, took] = (parts[i] ?? "").split(TOOK);
    const verdict = verdictOf({ output: text, code: 0, signal: null, timedOut: false, limitMs });
    if (isClean && !verdict.failed && took)
      report(file, { ...verdict, notes: notesOf(text), output: text, ms: Number.parseFloat(took) });
    else {
      const alone = await runFile(file, { cwd, env: { ...env, INCTRL_BUNDLES: "" }, limitMs });
      // A failure that does not come again would otherwise leave no trace.
      const badly = `the process ended with ${timedOut ? "its time" : (signal ?? `exit code ${code}`)}`;
      const again = `ran again by itself: ${verdict.failed ? "it failed beside others" : badly}`;
      report(file, { ...alone, notes: [again, ...alone.notes] });
    }
  }
}
