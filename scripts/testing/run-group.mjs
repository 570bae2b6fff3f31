// Runs test files in a process that takes one after the other, and falls back to a process each where that fails.
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
 * @param {Iterable<string>} files taken one by one, so that several groups may share what gives them.
 * @param {{cwd: string, limitMs: number, env?: Record<string, string>, onFile?: (file: string) => void}} options `limitMs` is for
 * a file; `onFile` is told of each that begins.
 * @param {(file: string, verdict: Verdict) => void} report called with the verdict on each file.
 */
export async function runGroup(files, options, report) {
  const given = files[Symbol.iterator]();
  // A process that ends badly leaves files to the next one.
  for (let first = given.next(); !first.done; first = given.next())
    await runSome(first.value, given, options, report);
}

async function runSome(first, given, { cwd, limitMs, env, onFile }, report) {
  const taken = [];
  const onAsked = () => {
    const file = taken.length === 0 ? first : given.next().value;
    if (file === undefined) return "";
    taken.push(file);
    onFile?.(file);
    return file;
  };
  const { output, code, signal, timedOut } = await runProcess([GROUP], { cwd, env, limitMs, onAsked });
  const isClean = code === 0 && !signal && !timedOut;
  const parts = output.split(BEGINS).slice(1);
  for (const [i, file] of taken.entries()) {
    const [text, took] = (parts[i] ?? "").split(TOOK);
    const verdict = verdictOf({ output: text, code: 0, signal: null, timedOut: false, limitMs });
    if (isClean && !verdict.failed && took)
      report(file, { ...verdict, notes: notesOf(text), output: text, ms: Number.parseFloat(took) });
    else {
      onFile?.(file);
      const alone = await runFile(file, { cwd, env: { ...env, INCTRL_BUNDLES: "" }, limitMs });
      // A failure that does not come again would otherwise leave no trace.
      const badly = `the process ended with ${timedOut ? "its time" : (signal ?? `exit code ${code}`)}`;
      const again = `ran again by itself: ${verdict.failed ? "it failed beside others" : badly}`;
      report(file, { ...alone, notes: [again, ...alone.notes] });
    }
  }
}
