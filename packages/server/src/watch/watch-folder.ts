import { mkdir, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { type FileLock, onDisk, takeLock, writeError } from "@inctrl/tensor/files";
import { ServerError } from "../errors.js";
import { Arrivals } from "./arrivals.js";
import { FOLDERS, type WatchCounts, type WatchOptions } from "./options.js";
import { Watcher } from "./watcher.js";

/**
 * Watches a folder: takes pictures as they arrive, scores them, writes what it decides to the ledger, and puts them where they belong. A
 * kill at any moment loses and doubles nothing: what was taken is found again, and a decision that was written is carried out.
 *
 * @returns the counts, once the signal aborts, or, with `once`, once nothing is left.
 * @throws ServerError `folder`, TensorFileError `write` and `locked`. All pictures then lie where they arrived, in `out/.claimed`, or
 * in their places.
 * @example
 * await watchFolder({ from: "camera", out: "sorted", scorer, signal });
 */
export async function watchFolder(options: WatchOptions): Promise<WatchCounts> {
  const { from, out, signal } = options;
  await refuseNested(from, out);
  for (const folder of ["", ...Object.values(FOLDERS)]) await makeFolder(join(out, folder));
  const locks: FileLock[] = [];
  try {
    for (const folder of [out, from]) locks.push(await takeLock(join(folder, ".inctrl.lock")));
    const watcher = new Watcher(options);
    await using _ = await watcher.open();
    using arrivals = new Arrivals(from);
    await watcher.run(arrivals, signal);
    return watcher.counts;
  } finally {
    for (const lock of locks) await lock.release();
  }
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(onDisk(folder), { recursive: true }).catch((error) => {
    throw writeError(folder, error);
  });
}

async function refuseNested(from: string, out: string): Promise<void> {
  const info = await stat(onDisk(from)).catch(() => null);
  if (!info?.isDirectory())
    throw new ServerError("folder", `${from}: there is no such folder; make it first`);
  if (`${resolve(from)}${sep}`.startsWith(`${resolve(out)}${sep}`))
    throw new ServerError("folder", `${from} lies in ${out}, where parts are put; watch another folder`);
}
