import { TensorFileError } from "./error.js";
import { nodeFiles } from "./node-files.js";

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, flushed to disk, then renamed. Where anything
 * fails, the temporary file is removed and an older file stays as it was. Node only.
 *
 * @param content text, bytes, or parts of either one after another.
 * @throws TensorFileError `write`, and what the parts throw.
 * @example
 * await writeFileAtomic("scores.json", "{}")
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const { open, rename, rm, stat } = await nodeFiles(path);
  // Renaming over a device (such as /dev/null) would replace it by a plain file.
  const there = await stat(path).catch(() => null);
  if (there && !there.isFile() && !there.isDirectory())
    throw new TensorFileError("write", `${path}: is a device, not a file; write to a file`);
  const { basename, dirname, join } = await import("node:path");
  const random = Math.floor(Math.random() * 2 ** 40).toString(36);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${random}.tmp`);
  try {
    const handle = await open(temporary, "wx");
    try {
      const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
      for await (const part of parts) await handle.appendFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeError(path, error);
  }
}

/** The error for a file or folder that cannot be written, by what the system says of it; a TensorFileError as it is. */
export function writeError(path: string, error: unknown): TensorFileError {
  if (error instanceof TensorFileError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new TensorFileError("write", `${path}: ${refusal(path, code ?? message)}`, { cause: error });
}

function refusal(path: string, reason: string): string {
  switch (reason) {
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full; free some space or write elsewhere";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "no permission to write here; choose another place";
    case "ENOENT":
    case "ENOTDIR":
      return `there is no folder ${/^(.*)[\\/]/s.exec(path)?.[1] ?? "."}; make it first`;
    case "EISDIR":
      return "this is a folder; give a file name";
    default:
      return `cannot be written (${reason}); check the disk`;
  }
}
