// Scripts in Deno, whose WebGPU is wgpu: naga checks and translates every shader.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runProgram } from "../run-file.mjs";

const DENO = process.env.DENO_PATH ?? "deno";

/** @type {import("./engines.mjs").Engine} */
export async function inDeno(limitMs, job) {
  if (spawnSync(DENO, ["--version"]).status !== 0)
    throw new Error("no Deno found; npm install deno brings one, and DENO_PATH names it");
  const folder = mkdtempSync(path.join(tmpdir(), "inctrl-deno-"));
  const file = path.join(folder, "test.js");
  try {
    await job(async (script) => {
      writeFileSync(file, script);
      const args = ["run", "--allow-all", "--unstable-webgpu", file];
      return (await runProgram(DENO, args, { cwd: folder, limitMs })).output;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
