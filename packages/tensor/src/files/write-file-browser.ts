import { TensorFileError } from "./error.js";
import { holdFile } from "./memory-files.js";
import type { WholeFile } from "./write-file.js";

// What bundles for browsers take in place of `write-file.ts`, as package.json says.

/** Opens a file in memory that appears once it is finished. */
export async function openWholeFile(path: string): Promise<WholeFile> {
  const pieces: Uint8Array[] = [];
  return {
    temporary: path,
    async write(piece) {
      pieces.push(typeof piece === "string" ? new TextEncoder().encode(piece) : piece.slice());
    },
    async finish() {
      const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
      pieces.reduce((at, piece) => {
        bytes.set(piece, at);
        return at + piece.length;
      }, 0);
      holdFile(path, bytes);
    },
    async discard() {
      pieces.length = 0;
    },
  };
}

/** Writes a file into memory, whole or not at all. */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await openWholeFile(path);
  const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
  try {
    for await (const part of parts) await file.write(part);
  } catch (error) {
    throw writeError(path, error);
  }
  await file.finish();
}

/** Memory has no folders. */
export async function syncFolder(_folder: string): Promise<void> {}

/** The error of a file that cannot be written; a TensorFileError as it is. */
export const writeError = (path: string, error: unknown): Error =>
  error instanceof TensorFileError
    ? error
    : new TensorFileError("write", `${path}: cannot be kept (${String(error)})`, { cause: error });
