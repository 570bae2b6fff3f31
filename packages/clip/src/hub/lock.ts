import { mkdir, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FileLock, TensorFileError, takeLock } from "@inctrl/tensor/files";

const POLL_MS = 200;
/** Age at which a part that nobody goes on with is removed: a week. */
const STALE_MS = 7 * 24 * 3_600_000;

/**
 * Runs `work` while holding the lock file `file`; waits while another call or process holds it. One whose holder has ended is taken
 * over (`takeLock`). Should two take over one lock at the same moment, both download; the checksum still guards the result.
 */
export async function withLock<T>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  let lock: FileLock | undefined;
  while (!lock) {
    lock = await takeLock(file).catch((error) => {
      if (error instanceof TensorFileError && error.code === "locked") return undefined;
      throw error;
    });
    if (!lock) await sleep(POLL_MS, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/**
 * Removes what killed downloads left in a folder: locks whose holder has ended, and old parts.
 *
 * @param wanted the name of a file that is about to be downloaded: its part is kept, to go on from.
 */
export async function sweepDownloads(folder: string, wanted: string | null): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const file = path.join(folder, name);
    if (name.endsWith(".lock")) {
      // Taking it succeeds, and releasing it removes it, where nobody holds it.
      const lock = await takeLock(file).catch(() => null);
      await lock?.release();
    } else if (/\.part(\.json)?$/.test(name) && !(wanted && name.startsWith(`${wanted}.part`))) {
      const info = await stat(file).catch(() => null);
      if (info && Date.now() - info.mtimeMs > STALE_MS) await rm(file, { force: true });
    }
  }
}
