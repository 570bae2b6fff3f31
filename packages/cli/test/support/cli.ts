import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";

export const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Record<string, string>;
  /** Called with the process once it is started. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Called with the process and all of stdout so far whenever some of it arrives. */
  readonly onOutput?: (child: ChildProcess, stdout: string) => void;
  /** A file descriptor in place of stdout. */
  readonly stdout?: number;
}

/** Runs the command from its sources, in a process of its own. */
export function cli(
  args: readonly string[],
  { env, onStart, onOutput, stdout = -1 }: CliOptions = {},
): Promise<Outcome> {
  const main = path.join(ROOT, "packages/cli/src/main.ts");
  const child = spawn(process.execPath, ["--conditions=@inctrl/source", "--import", "tsx", main, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", stdout >= 0 ? stdout : "pipe", "pipe"],
  });
  onStart?.(child);
  let out = "";
  let err = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    out += text;
    onOutput?.(child, out);
  });
  child.stderr!.setEncoding("utf8").on("data", (text) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout: out, stderr: err }));
  });
}

/** Lines of ours on stderr that report an error: the WebGPU implementation has warnings of its own. */
export const complaints = ({ stderr }: Outcome): string[] =>
  stderr.split("\n").filter((line) => line.startsWith("inctrl: ") && !line.includes("software adapter"));

/** The run failed with exit code 1 and one line, which names these things; no stack trace, nothing on stdout. */
export function failsWith(outcome: Outcome, ...words: (string | RegExp)[]): void {
  assert.is(outcome.code, 1, outcome.stderr);
  assert.is(outcome.stdout, "");
  const lines = complaints(outcome);
  assert.is(lines.length, 1, outcome.stderr);
  for (const word of words) assert.match(lines[0]!, word);
  assert.not.match(outcome.stderr, /^ +at /m);
  assert.not.match(outcome.stderr, "unexpected");
}

/** An empty folder, and how to remove it. */
export function temporaryFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), "inctrl-cli-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A folder beside the repository with data that is not part of it; undefined, said in a line, where it is absent. */
export function shared(name: string): string | undefined {
  const found = path.join(ROOT, "../shared", name);
  if (existsSync(found)) return found;
  console.log(`skipped: shared/${name} is absent`);
  return undefined;
}
