import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import type { Step } from "./report.js";
import type { StepPlan } from "./steps.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** A step that is told to end has so long before it is killed; a driver that hangs is not waited for. */
const GRACE_MS = 5000;
const TYPESCRIPT = [
  "--conditions=@inctrl/source",
  "--import",
  new URL("scripts/typescript/register.mjs", new URL("../../../", import.meta.url)).href,
];

export interface StepOptions {
  /** Seconds that it may take, where that is less than its own limit. */
  left: number;
  env: NodeJS.ProcessEnv;
  /** A file that it may have written. */
  file: string;
  onOutput?: (text: string) => void;
}

/** Runs a step in a process of its own, for a bounded time. Whatever it does becomes its verdict; nothing is thrown. */
export async function runStep(
  plan: StepPlan,
  { left, env, file, onOutput }: StepOptions,
): Promise<{ step: Step; output: string }> {
  const seconds = Math.min(plan.limit, left);
  const began = performance.now();
  const { output, errors, code, stopped } = await bounded(plan.args, seconds, env, onOutput);
  const made = await readFile(file, "utf8").catch(() => "");
  let figures = {};
  let unread = "";
  try {
    figures = plan.read(output, made);
  } catch {
    unread = "it printed no result";
  }
  const passed = code === 0 && !stopped && unread === "";
  const said = errors
    .trim()
    .split("\n")
    .filter((line) => !/^Warning: max/.test(line))
    .slice(-8)
    .join("\n");
  const problem = stopped
    ? `stopped after ${Math.round(seconds)} s`
    : [code === 0 ? "" : `exit code ${code}`, unread, said].filter(Boolean).join("; ");
  return {
    output,
    step: {
      name: plan.name,
      verdict: stopped ? "stopped" : passed ? "passed" : "failed",
      seconds: Math.round((performance.now() - began) / 100) / 10,
      figures,
      ...(!passed && { problem: withoutPaths(problem).slice(0, 2000) }),
    },
  };
}

/** Names of folders say who runs this. */
const withoutPaths = (text: string): string => text.replaceAll(ROOT, "").replaceAll(homedir(), "~");

function bounded(
  args: readonly string[],
  seconds: number,
  env: NodeJS.ProcessEnv,
  onOutput: (text: string) => void = () => {},
): Promise<{ output: string; errors: string; code: number | null; stopped: boolean }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...TYPESCRIPT, ...args], {
      cwd: ROOT,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, errors, stopped] = ["", "", false];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
      onOutput(text);
    });
    const end = (code: number | null) => {
      clearTimeout(first);
      clearTimeout(last);
      resolve({ output, errors, code, stopped });
    };
    const first = setTimeout(() => {
      stopped = true;
      child.kill("SIGTERM");
    }, seconds * 1000);
    const last = setTimeout(
      () => {
        child.kill("SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
        child.unref();
        end(null);
      },
      seconds * 1000 + GRACE_MS,
    );
    child.on("error", (error) => {
      errors += error.message;
      end(null);
    });
    child.on("close", end);
  });
}
