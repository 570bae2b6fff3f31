import { lstat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { onDisk, readNames } from "@inctrl/tensor/files";

/** What is kept of the pictures that were sorted. The ledger is kept. */
export interface RetentionLimits {
  /** Days that a picture is kept. Default: for ever. */
  readonly keepDays?: number;
  /** Bytes that pictures may take together; the oldest go first. Default: no limit. */
  readonly keepBytes?: number;
}

/** How often folders are looked through. */
const EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

/** Removes the oldest pictures of some folders, by the time at which they were put there. */
export class Retention {
  readonly #folders: readonly string[];
  readonly #limits: RetentionLimits;
  #last = Number.NEGATIVE_INFINITY;

  constructor(out: string, folders: readonly string[], limits: RetentionLimits) {
    this.#folders = folders.map((folder) => join(out, folder));
    this.#limits = limits;
  }

  /** Looks through the folders, once a minute at most. @returns how many files went. */
  async apply(now = Date.now()): Promise<number> {
    const { keepDays = Number.POSITIVE_INFINITY, keepBytes = Number.POSITIVE_INFINITY } = this.#limits;
    if (keepDays === Number.POSITIVE_INFINITY && keepBytes === Number.POSITIVE_INFINITY) return 0;
    if (now - this.#last < EVERY_MS) return 0;
    this.#last = now;
    const files = (await Promise.all(this.#folders.map(filesIn))).flat().sort((a, b) => a.time - b.time);
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    let gone = 0;
    for (const { path, size, time } of files) {
      if (now - time <= keepDays * DAY_MS && bytes <= keepBytes) break;
      await unlink(onDisk(path)).catch(() => {});
      bytes -= size;
      gone++;
    }
    return gone;
  }
}

interface Kept {
  readonly path: string;
  readonly size: number;
  /** When it got its place: a rename or a link sets the time of the last change of its entry, and a camera's own time stays. */
  readonly time: number;
}

async function filesIn(folder: string): Promise<Kept[]> {
  const names = await readNames(folder).catch(() => []);
  const found = await Promise.all(
    names.map(async (name): Promise<Kept[]> => {
      const path = join(folder, name);
      const info = await lstat(onDisk(path)).catch(() => null);
      if (info?.isDirectory()) return filesIn(path);
      return info?.isFile() ? [{ path, size: info.size, time: info.ctimeMs }] : [];
    }),
  );
  return found.flat();
}
