import { fromDisk, onDisk } from "./disk-path.js";
import { TensorFileError } from "./error.js";
import { nodeFiles } from "./node-files.js";
import { locked } from "./owner.js";
import { otherWriter, temporaryIn } from "./temporary.js";

/** A file on its way: it gets its name once it is whole. */
export interface WholeFile {
  /** Where its bytes are until then. */
  readonly temporary: string;
  /** Adds a piece. @throws TensorFileError `write`. */
  write(piece: string | Uint8Array): Promise<void>;
  /** Flushes it to the disk and gives it its name. Where that fails, nothing is left. @throws TensorFileError `write`. */
  finish(): Promise<void>;
  /** Leaves it, and an older file of the name as it was. */
  discard(): Promise<void>;
}

/**
 * Opens a file that appears whole or not at all: it is written under a temporary name in the same folder, flushed to disk with
 * its folder, and renamed. A link is followed, and an older file's permissions are kept. Node only.
 *
 * @param options.alone refuses a file that another run is writing, or another job of this one.
 * @throws TensorFileError `write`, and `locked` with `alone`.
 * @example
 * const file = await openWholeFile("scores.csv")
 * await file.write("image,score\n")
 * await file.finish()
 */
export async function openWholeFile(path: string, { alone = false } = {}): Promise<WholeFile> {
  const { open, rename, rm, stat } = await nodeFiles(path);
  const { basename, dirname } = await import("node:path");
  const guarded = <T>(action: () => Promise<T>) =>
    action().catch((error): never => {
      throw writeError(path, error);
    });
  const target = await guarded(() => linkTarget(path));
  const older = await stat(onDisk(target)).catch(() => null);
  if (older?.isDirectory()) throw writeError(path, { code: "EISDIR" });
  // Renaming over a device (such as /dev/null) would replace it by a plain file.
  if (older && !older.isFile())
    throw new TensorFileError("write", `${path}: is a device, not a file; write to a file`);
  const temporary = await temporaryIn(dirname(target), alone ? basename(target) : undefined);
  const handle = await guarded(() => open(onDisk(temporary), "wx"));
  const discard = async () => {
    await handle.close().catch(() => {});
    await rm(onDisk(temporary), { force: true }).catch(() => {});
  };
  const other = alone ? await otherWriter(temporary) : null;
  if (other !== null) {
    await discard();
    throw locked(path, other);
  }
  return {
    temporary,
    write: (piece) => guarded(() => handle.appendFile(piece)),
    async finish() {
      try {
        if (older) await handle.chmod(older.mode & 0o7777).catch(() => {});
        await handle.sync();
        await handle.close();
        await rename(onDisk(temporary), onDisk(target));
      } catch (error) {
        await discard();
        throw writeError(path, error);
      }
      await syncFolder(dirname(target));
    },
    discard,
  };
}

/**
 * Writes a file whole or not at all, as `openWholeFile` does. Where anything fails, an older file stays as it was. Node only.
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
  const file = await openWholeFile(path);
  try {
    const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
    for await (const part of parts) await file.write(part);
  } catch (error) {
    await file.discard();
    throw writeError(path, error);
  }
  await file.finish();
}

/** Most links to links that are followed, as Linux has it. */
const MAX_LINKS = 40;

/** The path that a link, or a link to a link, leads to, whether there is a file or not; any other path as it is. */
async function linkTarget(path: string): Promise<string> {
  const { readlink, realpath } = await nodeFiles(path);
  const { dirname, resolve } = await import("node:path");
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const next = await readlink(onDisk(at), "buffer").catch(() => null);
    if (next === null) return at;
    const folder = await realpath(onDisk(dirname(at)), "buffer");
    at = resolve(fromDisk(folder), fromDisk(next));
  }
  throw Object.assign(new Error("a circle of links"), { code: "ELOOP" });
}

/** Has a folder's new name reach the disk, where the system can do that. */
export async function syncFolder(folder: string): Promise<void> {
  const { open } = await nodeFiles(folder);
  const handle = await open(onDisk(folder), "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}

/** The error for a file or folder that cannot be written, by what the system says of it; a TensorFileError as it is. */
export function writeError(path: string, error: unknown): TensorFileError {
  if (error instanceof TensorFileError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new TensorFileError("write", `${path}: ${refusal(path, code ?? message ?? String(error))}`, {
    cause: error,
  });
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
    case "ENAMETOOLONG":
      return "the name is too long; give a shorter one";
    case "EPIPE":
      return "its reader has gone";
    default:
      return `cannot be written (${reason}); check the disk`;
  }
}
