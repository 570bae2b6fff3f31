// Runs one test file in a process of its own. The verdict comes from uvu's summary, the exit code and the time.
import { spawn } from "node:child_process";
import { TYPESCRIPT } from "../workspace.mjs";

/**
 * @typedef {{passed: number, failed: number, skipped: number, problem?: string, notes: string[], output: string, ms: number}} Verdict
 * `problem` says why the file as a whole failed (it then counts as at least one failure); `notes` are the lines in
 * which a test reports what it skipped.
 */

const count = (output, word) => {
  const matches = [...output.matchAll(new RegExp(`^ *${word}: +(\\d+)$`, "gm"))];
  return matches.length ? Number(matches.at(-1)[1]) : undefined;
};

/** Counts from uvu's summary, or undefined where none was printed. */
export function parseSummary(output) {
  const [total, passed, skipped] = ["Total", "Passed", "Skipped"].map((word) => count(output, word));
  return total === undefined || passed === undefined ? undefined : { total, passed, skipped: skipped ?? 0 };
}

/** @returns {Pick<Verdict, "passed" | "failed" | "skipped" | "problem">} */
export function verdictOf({ output, code, signal, timedOut, limitMs }) {
  const summary = parseSummary(output);
  const { total = 0, passed = 0, skipped = 0 } = summary ?? {};
  let failed = total - passed;
  let problem;
  if (timedOut) problem = `stopped after ${limitMs / 1000} s`;
  else if (signal) problem = `ended by ${signal}`;
  else if (!summary)
    problem = code ? `exit code ${code} before any result` : "ran no test: is test.run() missing?";
  else if (total + skipped === 0) problem = "holds no test";
  else if (code && !failed) problem = `exit code ${code} although every test passed`;
  else if (!code && failed) problem = "exit code 0 although tests failed";
  if (problem && !failed) failed = 1;
  return { passed, failed, skipped, problem };
}

const PIPE_GRACE_MS = 2000;
const running = new Set();

/** Kills a test and all processes that it started. On POSIX each test leads a process group. */
function stop(child) {
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // The process has ended already.
  }
}

export const stopAll = () => running.forEach(stop);

/** The lines in which tests report what they skipped. */
export const notesOf = (output) =>
  output
    .split("\n")
    .filter((line) => /^\s*skipped: +[^\d\s]/i.test(line))
    .map((line) => line.trim());

/** Runs TypeScript or JavaScript in a process of its own; see `runProgram`. */
export const runProcess = (args, options) => runProgram(process.execPath, [...TYPESCRIPT, ...args], options);

/**
 * Runs a program, and kills it with all processes that it started.
 *
 * @param options `env` is added to the environment. `onAsked` answers messages of a program of Node, each of which gives it `limitMs` more.
 */
export function runProgram(program, args, { cwd, limitMs, env = {}, onAsked }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(program, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe", ...(onAsked ? ["ipc"] : [])],
      detached: process.platform !== "win32",
      env: { ...process.env, FORCE_COLOR: "0", ...env },
    });
    running.add(child);
    let output = "";
    let timedOut = false;
    const append = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", append);
    child.stderr.setEncoding("utf8").on("data", append);
    const timer = setTimeout(() => {
      timedOut = true;
      stop(child);
    }, limitMs);
    child.on("message", () => {
      timer.refresh();
      // A program that has ended needs no answer.
      child.send(onAsked(), () => {});
    });
    child.on("error", (error) => append(`${error.message}\n`));
    child.on("exit", () => {
      clearTimeout(timer);
      running.delete(child);
      // Processes left behind would hold the pipes open, and "close" waits for the pipes.
      stop(child);
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPE_GRACE_MS).unref();
    });
    child.on("close", (code, signal) =>
      resolve({ output, code, signal, timedOut, ms: performance.now() - started }),
    );
  });
}

/** @returns {Promise<Verdict>} */
export async function runFile(file, { cwd, limitMs, env }) {
  const ended = await runProcess([file], { cwd, limitMs, env });
  const { output, ms } = ended;
  return { ...verdictOf({ ...ended, limitMs }), notes: notesOf(output), output, ms };
}
