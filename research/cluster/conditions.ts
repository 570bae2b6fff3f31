import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fillBetween } from "../../bench/src/report/fill.js";

const PAGE = join(import.meta.dirname, "../../docs/cluster.md");

/** The load of the machine at this moment: its mean over the last minute. */
export const loadNow = (): string => loadavg()[0].toFixed(1);

/**
 * Date, machine, load and commit of a measurement as a sentence.
 *
 * @param before the load when it began.
 */
export function conditions(before: string): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", cwd: import.meta.dirname }).trim();
  const changed = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : " with changes";
  const date = new Date().toISOString().slice(0, 10);
  const commit = git("rev-parse", "--short", "HEAD") + changed;
  return `${date}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}, load ${before} before and ${loadNow()} after, commit ${commit}.`;
}

/** Prints what was measured, and where that was asked for, writes it into its place of docs/cluster.md. */
export async function report(name: "simulate" | "efficiency", text: string, docs: boolean): Promise<void> {
  console.log(text);
  const marks = [
    `<!-- ${name}: written by research/cluster/${name}.ts --docs -->`,
    `<!-- /${name} -->`,
  ] as const;
  if (docs) await fillBetween(PAGE, ...marks, `\n${text}\n\n`);
}
