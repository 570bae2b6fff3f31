import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { onDisk, takeLock } from "@inctrl/tensor/files";
import { removeAtExit } from "../signals.js";

/**
 * Makes a folder for a run's files, and holds it until it is disposed of: two runs in one folder would mix their files.
 *
 * @throws TensorFileError `locked` where another run holds it.
 * @example
 * await using _ = await holdFolder("train-out");
 * return await run(); // awaited: the folder is free as soon as this function returns, even a promise
 */
export async function holdFolder(folder: string): Promise<AsyncDisposable> {
  await mkdir(onDisk(folder), { recursive: true });
  const lock = await takeLock(join(folder, ".inctrl.lock"));
  const forget = removeAtExit(lock.path);
  return { [Symbol.asyncDispose]: () => lock.release().finally(forget) };
}
