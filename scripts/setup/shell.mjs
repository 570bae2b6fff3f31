// Runs the commands of a set-up: quiet while they run; their last lines are printed when they fail.
import { spawn } from "node:child_process";
import path from "node:path";
import { ROOT } from "../workspace.mjs";
import { DRIVER_FOLDER, driverEnv } from "./driver-env.mjs";
import { readStamp } from "./stamp.mjs";

const TOOLS_BIN = path.join(ROOT, ".tools", "node_modules", ".bin");

const HEARTBEAT_MS = 15_000;
const TAIL_LINES = 25;

/** A failure that the user can act on, shown without a stack trace. */
export class SetupError extends Error {}

/** Messages go to stderr; stdout belongs to the demo and the tests. */
export const info = (text) => process.stderr.write(`setup: ${text}\n`);

/**
 * The environment of every child. NODE_ENV=production would leave out the build tools, and CI=true keeps pnpm
 * from asking questions. A driver that set-up unpacked is found.
 */
export function childEnv(extra = {}) {
  const { NODE_ENV: _, ...env } = process.env;
  const key = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const driver = readStamp().unpacked ? driverEnv(DRIVER_FOLDER, env) : {};
  return { ...env, ...driver, [key]: [TOOLS_BIN, env[key]].filter(Boolean).join(path.delimiter), ...extra };
}

/** Runs a long command under a title, with a message every 15 s, and throws its last lines if it fails. */
export function step(title, command, args, { env = {}, shell = false } = {}) {
  info(`${title} ...`);
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const child = spawn(command, args, {
      cwd: ROOT,
      shell,
      env: childEnv({ CI: "true", ...env }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let tail = [];
    const keep = (chunk) => {
      tail = [...tail, ...String(chunk).split(/[\r\n]+/)].filter((line) => line.trim()).slice(-TAIL_LINES);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const heartbeat = setInterval(
      () => info(`  still at it (${seconds()} s): ${tail.at(-1)?.trim() ?? "..."}`),
      HEARTBEAT_MS,
    );
    const fail = (why) => {
      clearInterval(heartbeat);
      const log = tail.map((line) => `  | ${line}`).join("\n");
      reject(new SetupError(`${title}: ${why}.${log ? ` The last lines were:\n${log}` : ""}`));
    };
    child.on("error", (error) => fail(`cannot start "${command}" (${error.message})`));
    child.on("close", (code, signal) => {
      if (code !== 0) return fail(signal ? `ended by ${signal}` : `exit code ${code}`);
      clearInterval(heartbeat);
      info(`  done in ${seconds()} s`);
      resolve();
    });
  });
}

/** Runs the main job on the user's own terminal and returns its exit code. */
export function handOver(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit", env: childEnv() });
    // The terminal sends Ctrl-C to the child as well, so wait for the child to finish.
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });
}
