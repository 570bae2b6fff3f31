// Runs short test files in one process, and falls back to a process each where that does not end well.
import { fileURLToPath } from "node:url";
import { judge, notesOf, runFile, runProcess } from "./run-file.mjs";

/** @typedef {import("./run-file.mjs").Verdict} Verdict */

/** What a line of the process begins with, before and after each file. */
export const BEGINS = "\u0001begins ";
export const TOOK = "\u0001took ";
const GROUP = fileURLToPath(new URL("group.mjs", import.meta.url));

/**
 * Runs files together and judges each by its own part of the output. Where one fails or runs nothing, or the process does not end
 * as it should, the file is run again by itself: what counts is how a file does alone.
 *
 * @param {(file: string, verdict: Verdict) => void} report told as each file is judged.
 */
export async function runGroup(files, { cwd, limitMs }, report) {
  const { output, code, signal, timedOut } = await runProcess([GROUP, ...files], { cwd, limitMs });
  const isClean = code === 0 && !signal && !timedOut;
  const parts = output.split(BEGINS).slice(1);
  for (const [i, file] of files.entries()) {
    const [text, took] = (parts[i] ?? "").split(TOOK);
    const verdict = judge({ output: text, code: 0, signal: null, timedOut: false, limitMs });
    if (isClean && !verdict.failed && took)
      report(file, { ...verdict, notes: notesOf(text), output: text, ms: Number.parseFloat(took) });
    else report(file, await runFile(file, { cwd, limitMs }));
  }
}
