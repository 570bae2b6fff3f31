import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { readError } from "../errors.js";
import { onDisk } from "./disk-path.js";

/**
 * The sha256 of a file, in hex, read as a stream.
 *
 * @throws ImageError `missing` or `unreadable`
 * @example
 * (await hashFile("prompt.png")).length; // 64
 */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(onDisk(path)), hash);
  } catch (error) {
    throw readError(path, error);
  }
  return hash.digest("hex");
}
