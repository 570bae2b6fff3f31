import { onDisk } from "./disk-path.js";
import type { TensorFileError } from "./error.js";
import { linkNew } from "./link-new.js";
import { nodeFiles } from "./node-files.js";
import { isRunning, locked, MARK, ownMark } from "./owner.js";
import { readPlainText } from "./plain-file.js";
import { temporaryIn } from "./temporary.js";
import { writeError } from "./write-file.js";

const BEAT_MS = 2_000;
/** Age at which a lock of another machine counts as left behind; its holder touches it every 2 s. */
const STALE_MS = 15_000;

/** A lock that this process holds. */
export interface FileLock {
  readonly path: string;
  release(): Promise<void>;
}

/**
 * Takes a lock file, which tells its holder. One whose holder has ended is taken over: at once on this machine, and after 15 s
 * without a sign of life from another one. Two processes that take over one lock in the same instant may both get it. Node only.
 *
 * @throws TensorFileError `locked` where another run, or another job of this one, holds it; `write` where the disk refuses.
 * @example
 * const lock = await takeLock("out/.inctrl.lock")
 * await lock.release()
 */
export async function takeLock(path: string): Promise<FileLock> {
  const { rename, rm, stat, utimes } = await nodeFiles(path);
  const mark = await ownMark();
  while (!(await createLock(path, mark))) {
    const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? 0);
    const holder = await readPlainText(path, 1000).catch((error: TensorFileError) => error.code);
    if (holder === "not-found") continue;
    const known = new RegExp(`^${MARK}$`).test(holder);
    const running = known ? await isRunning(holder) : null;
    if (running ?? age < STALE_MS) throw locked(folderOf(path), known ? holder : null);
    // The rename succeeds for only one of several processes that find the lock left behind.
    const aside = `${path}.${mark}`;
    await rename(path, aside).catch(() => {});
    await rm(aside, { recursive: true, force: true });
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, BEAT_MS);
  beat.unref();
  return {
    path,
    async release() {
      clearInterval(beat);
      await rm(path, { force: true });
    },
  };
}

/**
 * Makes a lock that has its holder's mark from its first moment on, so that a kill leaves none without it. Where the file system has no links,
 * it is made and then written.
 *
 * @returns false where there is a lock.
 */
async function createLock(path: string, mark: string): Promise<boolean> {
  const { rm, writeFile } = await nodeFiles(path);
  const temporary = await temporaryIn(folderOf(path));
  try {
    await writeFile(onDisk(temporary), mark, { flag: "wx" });
    return (await linkNew(temporary, path)) ?? (await writeNew(path, mark));
  } catch (error) {
    throw writeError(path, error);
  } finally {
    await rm(onDisk(temporary), { force: true }).catch(() => {});
  }
}

async function writeNew(path: string, mark: string): Promise<boolean> {
  const { open, rm } = await nodeFiles(path);
  const handle = await open(path, "wx").catch((error) => {
    if (error.code === "EEXIST") return null;
    throw error;
  });
  try {
    await handle?.writeFile(mark);
  } catch (error) {
    // A full disk must not leave a lock without a holder.
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle?.close();
  }
  return handle !== null;
}

const folderOf = (path: string): string => /^(.*)[\\/]/s.exec(path)?.[1] ?? ".";
