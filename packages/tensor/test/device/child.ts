import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface ChildResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const TYPESCRIPT = new URL("../../../../scripts/typescript/register.mjs", import.meta.url).href;

/**
 * Runs a module's text in a Node process of its own; it may import "@inctrl/tensor", and is killed after 20 s. Never
 * inherits INCTRL_ADAPTER unless `env` gives it.
 */
export function runChild(
  code: string,
  { flags = [], env = {} }: { flags?: string[]; env?: Record<string, string> } = {},
): Promise<ChildResult> {
  const tensor = new URL("../../src/index.ts", import.meta.url).href;
  const text = code.replaceAll('"@inctrl/tensor"', JSON.stringify(tensor));
  const args = [
    ...flags,
    "--conditions=@inctrl/source",
    "--import",
    TYPESCRIPT,
    "--input-type=module",
    "-e",
    text,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: PACKAGE,
      env: { ...process.env, INCTRL_ADAPTER: "", ...env },
      timeout: 20_000,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (part) => {
      stdout += part;
    });
    child.stderr.on("data", (part) => {
      stderr += part;
    });
    child.on("error", reject);
    child.on("close", (exit) => resolve({ code: exit, stdout, stderr }));
  });
}
