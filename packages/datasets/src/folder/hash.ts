import { streamPlainFile } from "@inctrl/tensor/files";
import { readError } from "../errors.js";
import { sha256 } from "../sha256.js";

/** A file of more bytes holds no image and no weights: some of /proc are said to have 2^47. */
const MAX_BYTES = 2 ** 38;

/**
 * The sha256 of a file, in hex, read as a stream.
 *
 * @throws ImageError `missing`, `unreadable`, or `not-an-image` for what is no plain file
 * @example
 * (await hashFile("prompt.png")).length; // 64
 */
export async function hashFile(path: string): Promise<string> {
  const hash = sha256();
  try {
    for await (const piece of streamPlainFile(path, MAX_BYTES)) hash.update(piece);
  } catch (error) {
    throw readError(path, error);
  }
  return hash.hex();
}
