import { TensorFileError } from "./error.js";
import { fileInMemory } from "./memory-files.js";

// What bundles for browsers take in place of `open-plain.ts`, as package.json says.

/** What is read of a file handle: the next bytes, or those from a place. */
interface MemoryHandle extends AsyncDisposable {
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ bytesRead: number }>;
  close(): Promise<void>;
}

/** Opens a file in memory for reading. @throws TensorFileError `not-found`. */
export async function openPlain(path: string): Promise<{ handle: MemoryHandle; size: number }> {
  const bytes = fileInMemory(path);
  if (bytes === undefined) throw new TensorFileError("not-found", `${path}: no such file`);
  let next = 0;
  const handle: MemoryHandle = {
    async read(into, offset, length, position) {
      const from = position ?? next;
      const part = bytes.subarray(from, from + length);
      into.set(part, offset);
      if (position === null) next += part.length;
      return { bytesRead: part.length };
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return { handle, size: bytes.length };
}

/** Reading from memory fails in no way of its own. */
export const readingError = (error: unknown, path: string): Error =>
  error instanceof TensorFileError
    ? error
    : new TensorFileError("io", `${path}: cannot be read (${String(error)})`, { cause: error });
