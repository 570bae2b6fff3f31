import { onDisk, readNames } from "./disk-path.js";
import { nodeFiles } from "./node-files.js";
import { isRunning, MARK, ownMark } from "./owner.js";

const FORM = new RegExp(`^\\.inctrl-(${MARK})-[0-9a-z]+\\.tmp$`);

/** Age after which a file of another machine counts as left behind: its maker would have written to it. */
const STALE_MS = 3_600_000;

const swept = new Set<string>();

/**
 * A path for something unfinished in a folder, under a short name that tells its maker. What killed runs left there is removed
 * first, once a process. Node only.
 *
 * @example
 * await temporaryIn("out") // "out/.inctrl-0b7c1e-2s9-4f1k-x3v9q2a.tmp"
 */
export async function temporaryIn(folder: string): Promise<string> {
  const { join, resolve } = await import("node:path");
  const full = resolve(folder);
  if (!swept.has(full)) {
    swept.add(full);
    await sweep(folder);
  }
  const random = Math.floor(Math.random() * 2 ** 40).toString(36);
  return join(folder, `.inctrl-${await ownMark()}-${random}.tmp`);
}

async function sweep(folder: string): Promise<void> {
  const { rm } = await nodeFiles(folder);
  const { join } = await import("node:path");
  for (const name of await readNames(folder).catch(() => [])) {
    const path = join(folder, name);
    if (await isLeftover(path)) await rm(onDisk(path), { recursive: true, force: true }).catch(() => {});
  }
}

/** Whether a path is one of `temporaryIn` whose maker no longer runs. */
export async function isLeftover(path: string): Promise<boolean> {
  const mark = FORM.exec(path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1))?.[1];
  if (mark === undefined) return false;
  const running = await isRunning(mark);
  if (running !== null) return !running;
  const { stat } = await nodeFiles(path);
  const info = await stat(onDisk(path)).catch(() => null);
  return info !== null && Date.now() - info.mtimeMs > STALE_MS;
}
