import type { FileHandle } from "node:fs/promises";
import { TensorFileError } from "./error.js";
import { nodeFiles } from "./node-files.js";

/** Bytes that can be read by range: an open file, or memory. */
export interface ByteSource {
  readonly label: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`, in `into` where that is given; throws `truncated` past the end. */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Reads by range from memory; copies only where `into` is given. */
export function memorySource(bytes: Uint8Array, label: string): ByteSource {
  return {
    label,
    size: bytes.byteLength,
    async read(offset, length, into) {
      if (offset + length > bytes.byteLength) throw cutShort(label, offset + length, bytes.byteLength);
      const part = bytes.subarray(offset, offset + length);
      into?.set(part);
      return into ?? part;
    },
    async close() {},
  };
}

/** Opens a regular file for reading by range. Node only; throws `not-found` or `io`. */
export async function fileSource(path: string): Promise<ByteSource> {
  const { open } = await nodeFiles(path);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const stat = await handle.stat();
    if (!stat.isFile()) throw new TensorFileError("io", `${path}: not a file; name one weights file`);
    return openedSource(handle, path, stat.size);
  } catch (error) {
    await handle?.close();
    throw asIoError(error, path);
  }
}

function openedSource(handle: FileHandle, path: string, size: number): ByteSource {
  let open = true;
  return {
    label: path,
    size,
    async read(offset, length, into) {
      if (!open)
        throw new TensorFileError("closed", `${path}: the file was closed; open it again to read more`);
      const bytes = into ?? new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw cutShort(path, offset + length, offset + done);
        done += bytesRead;
      }
      return bytes;
    },
    async close() {
      if (!open) return;
      open = false;
      await handle.close();
    },
  };
}

/** An error about a file that is shorter than its header says. */
export function cutShort(label: string, need: number, have: number): TensorFileError {
  return new TensorFileError(
    "truncated",
    `${label}: needs ${need} bytes but holds ${have}; the file is cut short, fetch it again`,
  );
}

/** A system error as a TensorFileError that names the file; a TensorFileError as it is. */
function asIoError(error: unknown, path: string): Error {
  if (error instanceof TensorFileError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return new TensorFileError("not-found", `${path}: no such file`, { cause: error });
  const reason = error instanceof Error ? error.message : String(error);
  return new TensorFileError("io", `${path}: cannot be read (${reason})`, { cause: error });
}
