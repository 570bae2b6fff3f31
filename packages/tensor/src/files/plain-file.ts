import { TensorFileError } from "./error.js";
import { openPlain, readingError } from "./open-plain.js";

/** Bytes of a piece of `streamPlainFile`. */
const PIECE = 1 << 20;

/**
 * A whole plain file. What is read is counted, whatever size the system says it has. Node only.
 *
 * @param most bytes; a longer file is refused.
 * @param rest `leave`: of a longer file the first `most` bytes are given.
 * @throws TensorFileError `not-found`, `not-a-file`, `too-large` or `io`.
 * @example
 * const bytes = await readPlainFile("config.json", 1e6)
 */
export async function readPlainFile(
  path: string,
  most: number,
  rest: "refuse" | "leave" = "refuse",
): Promise<Uint8Array> {
  const { handle, size } = await openPlain(path);
  await using _ = handle;
  try {
    const tooLong = (bytes: number) => bytes > most && rest === "refuse";
    if (tooLong(size)) throw tooLarge(path, most);
    // One byte more than it is said to have: a file that holds more is seen.
    let bytes = new Uint8Array(Math.min(size, most) + 1);
    let filled = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, null);
      filled += bytesRead;
      if (tooLong(filled)) throw tooLarge(path, most);
      if (bytesRead === 0 || filled > most) return bytes.subarray(0, Math.min(filled, most));
      if (filled < bytes.length) continue;
      const larger = new Uint8Array(Math.min(2 * filled + PIECE, most + 1));
      larger.set(bytes);
      bytes = larger;
    }
  } catch (error) {
    throw readingError(error, path);
  }
}

/** The text of a plain file in UTF-8, without a byte order mark; otherwise as `readPlainFile`. */
export async function readPlainText(path: string, most: number): Promise<string> {
  return new TextDecoder().decode(await readPlainFile(path, most));
}

/** The same; undefined where there is no file. */
export async function readTextIfThere(path: string, most: number): Promise<string | undefined> {
  return readPlainText(path, most).catch((error: TensorFileError) => {
    if (error.code === "not-found") return undefined;
    throw error;
  });
}

/**
 * A plain file piece by piece. Node only.
 *
 * @throws TensorFileError as `readPlainFile`.
 */
export async function* streamPlainFile(path: string, most: number): AsyncGenerator<Uint8Array> {
  const { handle, size } = await openPlain(path);
  await using _ = handle;
  if (size > most) throw tooLarge(path, most);
  for (let done = 0; ; ) {
    const piece = new Uint8Array(PIECE);
    const { bytesRead } = await handle.read(piece, 0, PIECE, null).catch((error) => {
      throw readingError(error, path);
    });
    if (bytesRead === 0) return;
    done += bytesRead;
    if (done > most) throw tooLarge(path, most);
    yield piece.subarray(0, bytesRead);
  }
}

function tooLarge(path: string, most: number): TensorFileError {
  return new TensorFileError(
    "too-large",
    `${path}: has more than the ${most} bytes that are read of such a file; check that it is the right one`,
  );
}
