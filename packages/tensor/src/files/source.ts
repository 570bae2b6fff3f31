import type { FileHandle } from "node:fs/promises";
import { type Closable, closing } from "./closing.js";
import { TensorFileError } from "./error.js";
import { openPlain, readingError } from "./open-plain.js";

/** Bytes that can be read by range: an open file, or memory. */
export interface ByteSource extends Closable {
  readonly label: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`, in `into` where that is given; throws `truncated` past the end. */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
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
    ...closing(async () => {}),
  };
}

/** Opens a plain file for reading by range. Node only; throws `not-found`, `not-a-file` or `io`. */
export async function fileSource(path: string): Promise<ByteSource> {
  const { handle, size } = await openPlain(path);
  return openedSource(handle, path, size);
}

function openedSource(handle: FileHandle, path: string, size: number): ByteSource {
  let open = true;
  return {
    label: path,
    size,
    async read(offset, length, into) {
      if (!open)
        throw new TensorFileError("closed", `${path}: the file was closed; open it again to read more`);
      const bytes = into ?? uncleared(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done).catch((error) => {
          throw readingError(error, path);
        });
        if (bytesRead === 0) throw cutShort(path, offset + length, offset + done);
        done += bytesRead;
      }
      return bytes;
    },
    ...closing(async () => {
      if (!open) return;
      open = false;
      await handle.close();
    }),
  };
}

/** Bytes that are about to be filled; Node need not clear them first. */
const uncleared = (length: number): Uint8Array =>
  "Buffer" in globalThis ? new Uint8Array(Buffer.allocUnsafeSlow(length).buffer) : new Uint8Array(length);

/** An error about a file that is shorter than its header says. */
export function cutShort(label: string, need: number, have: number): TensorFileError {
  return new TensorFileError(
    "truncated",
    `${label}: needs ${need} bytes but holds ${have}; the file is cut short, fetch it again`,
  );
}
