// The TypeScript compiler, run as a command.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ROOT } from "../workspace.mjs";

/** What Node runs as `tsc`. */
export const TSC = path.join(
  path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
  "bin/tsc",
);

/**
 * Runs the compiler on a tsconfig.json, in one thread: several check the shared types again each.
 *
 * @returns its messages; empty where all is well.
 */
export function compile(config) {
  const args = [TSC, "-p", config, "--pretty", "false", "--singleThreaded"];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? "" : stdout || stderr || `tsc ends with ${status}`;
}

/** Writes a file beside or below a tsconfig.json that has its options and these. @returns the file. */
export function configFrom(base, file, { compilerOptions = {}, ...rest }) {
  const config = { extends: base, compilerOptions, include: [], ...rest };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
