import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const MAIN = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));
const run = promisify(execFile);

/** Runs `inctrl` from the sources. @returns what it prints. */
export async function inctrl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...process.execArgv, MAIN, ...args], { maxBuffer: 1e8 });
  return stdout;
}

/** What `inctrl score --format json` says of images. */
export interface Scored {
  readonly image: string;
  readonly score: number;
  readonly verdict: string | null;
  readonly regions: readonly unknown[] | null;
}

export async function scoreBy(bank: string, images: readonly string[]): Promise<Scored[]> {
  const text = await inctrl("score", "--bank", bank, "--images", ...images, "--format", "json");
  return (JSON.parse(text) as { results: Scored[] }).results;
}
