import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { onDisk } from "./disk-path.js";
import { TensorFileError } from "./error.js";
import { nodeFiles } from "./node-files.js";

// Apart from what is published, whose types do not depend on those of Node.

/**
 * Opens a plain file for reading. A pipe, a socket, a device or a folder is refused before anything of it is read: reading one
 * may wait for ever, or never end. The size is what the system says, which for some files (in /proc) is not what they hold.
 *
 * @throws TensorFileError `not-found`, `not-a-file` or `io`.
 */
export async function openPlain(path: string): Promise<{ handle: FileHandle; size: number }> {
  const { constants, open, stat } = await nodeFiles(path);
  let handle: FileHandle | undefined;
  try {
    refuseOthers(path, await stat(onDisk(path)));
    // A pipe may have taken the file's place since: opened this way, it is not waited for.
    handle = await open(onDisk(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = await handle.stat();
    refuseOthers(path, info);
    return { handle, size: info.size };
  } catch (error) {
    await handle?.close();
    throw readingError(error, path);
  }
}

function refuseOthers(path: string, info: Stats): void {
  if (info.isFile()) return;
  const kinds = { "a folder": info.isDirectory(), "a pipe": info.isFIFO(), "a socket": info.isSocket() };
  const kind = Object.entries(kinds).find(([, is]) => is)?.[0] ?? "a device";
  throw new TensorFileError("not-a-file", `${path}: this is no file but ${kind}; give a plain file`);
}

/** A system error as a TensorFileError that names the file; a TensorFileError as it is. */
export function readingError(error: unknown, path: string): Error {
  if (error instanceof TensorFileError) return error;
  const { code, message = String(error) } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return new TensorFileError("not-found", `${path}: no such file`, { cause: error });
  return new TensorFileError("io", `${path}: cannot be read (${message})`, { cause: error });
}
