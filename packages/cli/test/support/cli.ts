import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { shareDevices } from "../../src/device.js";
import { run } from "../../src/program.js";
import { captured, type Outcome, withEnv } from "./capture.js";

export const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
}

interface SpawnOptions extends Surroundings {
  /** Called with the process once it is started. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Called with the process and all of stdout so far whenever some of it arrives. */
  readonly onOutput?: (child: ChildProcess, stdout: string) => void;
  /** A file descriptor in place of stdout. */
  readonly stdout?: number;
}

// A test run by itself measures no tiles at first use either, and sees none of what the user downloaded or measured.
process.env.INCTRL_TUNING ??= "off";
const downloads = mkdtempSync(path.join(tmpdir(), "inctrl-downloads-"));
process.env.INCTRL_CACHE ??= downloads;
process.once("exit", () => rmSync(downloads, { recursive: true, force: true }));
process.once("exit", shareDevices());
let last: Promise<unknown> = Promise.resolve();

/** Runs the command in this process, which saves loading it again. Runs wait for each other, since they share its output. */
export function cli(args: readonly string[], { env = {} }: Surroundings = {}): Promise<Outcome> {
  const outcome = last.then(() => withEnv(env, () => captured(() => run(args))));
  last = outcome.catch(() => {});
  return outcome;
}

/** Runs the command in a process of its own, for tests of signals, pipes and exit codes. */
export function spawnCli(
  args: readonly string[],
  { env, onStart, onOutput, stdout = -1 }: SpawnOptions = {},
): Promise<Outcome> {
  const main = path.join(ROOT, "packages/cli/src/main.ts");
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
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

/** Errors and warnings of the command on stderr, without those of the WebGPU implementation. */
export const warnings = ({ stderr }: Outcome): string[] =>
  stderr.split("\n").filter((line) => line.startsWith("inctrl: ") && !line.includes("software adapter"));

/** Asserts that a run failed with exit code 1 and one line that has these words, without a stack or output. */
export function failsWith(outcome: Outcome, ...words: (string | RegExp)[]): void {
  assert.is(outcome.code, 1, outcome.stderr);
  assert.is(outcome.stdout, "");
  const lines = warnings(outcome);
  assert.is(lines.length, 1, outcome.stderr);
  for (const word of words) assert.match(lines[0], word);
  assert.not.match(outcome.stderr, /^ +at /m);
  assert.not.match(outcome.stderr, "unexpected");
}

/** An empty folder, and a function that removes it. */
export function temporaryFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), "inctrl-cli-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A file or folder of test data beside the repository. Undefined, with a line that says so, where it is absent. */
export function shared(name: string): string | undefined {
  const found = path.join(ROOT, "../shared", name);
  if (existsSync(found)) return found;
  console.log(`skipped: shared/${name} is absent`);
  return undefined;
}
