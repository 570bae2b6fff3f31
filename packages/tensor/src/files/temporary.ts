import { onDisk, readNames } from "./disk-path.js";
import { nodeFiles } from "./node-files.js";
import { isRunning, MARK, ownMark } from "./owner.js";

const FORM = new RegExp(`^\\.inctrl-(?<mark>${MARK})-(?<random>[0-9a-z]+)(?:-(?<target>[0-9a-f]+))?\\.tmp$`);
/** Names that earlier versions gave: they do not tell their maker. */
const OLD_FORM = /^\..+\.(?:[0-9a-f]{12}\.(?:tmp|partial)|\d+-[0-9a-z]+\.tmp)$/s;

/** Age after which a file of another machine counts as left behind: its maker would have written to it. */
const STALE_MS = 3_600_000;
/** The same for a file of an earlier version, which no run of today writes to. */
const OLD_MS = 24 * STALE_MS;

const swept = new Set<string>();

/**
 * A path for something unfinished in a folder, under a short name that tells its maker. What killed runs left there is removed
 * first, once a process. Node only.
 *
 * @param name of the file that it will be, where other writers of it are to be found (`otherWriter`).
 * @example
 * await temporaryIn("out") // "out/.inctrl-0b7c1e-2s9-4f1k-x3v9q2a.tmp"
 */
export async function temporaryIn(folder: string, name?: string): Promise<string> {
  const { join, resolve } = await import("node:path");
  const full = resolve(folder);
  if (!swept.has(full)) {
    swept.add(full);
    await sweep(folder);
  }
  const random = Math.floor(Math.random() * 2 ** 40).toString(36);
  const target = name === undefined ? "" : `-${await targetMark(name)}`;
  return join(folder, `.inctrl-${await ownMark()}-${random}${target}.tmp`);
}

async function targetMark(name: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256").update(name).digest("hex").slice(0, 12);
}

/** The mark of another run, or another job of this one, that is writing the same file as a path of `temporaryIn`; null for none. */
export async function otherWriter(temporary: string): Promise<string | null> {
  const { basename, dirname, join } = await import("node:path");
  const folder = dirname(temporary);
  const own = FORM.exec(basename(temporary))?.groups;
  for (const name of await readNames(folder).catch(() => [])) {
    const { mark, random, target } = FORM.exec(name)?.groups ?? {};
    if (mark === undefined || target !== own?.target || (mark === own?.mark && random === own?.random))
      continue;
    if (!(await isLeftover(join(folder, name)))) return mark;
  }
  return null;
}

async function sweep(folder: string): Promise<void> {
  const { rm } = await nodeFiles(folder);
  const { join } = await import("node:path");
  for (const name of await readNames(folder).catch(() => [])) {
    const path = join(folder, name);
    if (await isLeftover(path)) await rm(onDisk(path), { recursive: true, force: true }).catch(() => {});
  }
}

/** Whether a path is one of `temporaryIn` whose maker no longer runs, or one of an earlier version that nobody writes to. */
export async function isLeftover(path: string): Promise<boolean> {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const mark = FORM.exec(name)?.groups?.mark;
  if (mark === undefined) return OLD_FORM.test(name) && (await isOlder(path, OLD_MS));
  const running = await isRunning(mark);
  return running === null ? isOlder(path, STALE_MS) : !running;
}

async function isOlder(path: string, ms: number): Promise<boolean> {
  const { stat } = await nodeFiles(path);
  const info = await stat(onDisk(path)).catch(() => null);
  return info !== null && Date.now() - info.mtimeMs > ms;
}
