import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ImageError, systemCode } from "../errors.js";

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
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") throw new ImageError("missing", path, "no such file", "check the path");
    throw new ImageError(
      "unreadable",
      path,
      `cannot be read (${code || String(error)})`,
      "check its permissions",
    );
  }
  return hash.digest("hex");
}
