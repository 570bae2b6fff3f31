import { createInflate } from "node:zlib";
import { systemCode } from "../errors.js";
import { corrupt, truncated } from "./limits.js";

/** What the parts of a PNG's pixels inflate to, piece by piece. @throws ImageError `truncated` or `corrupt`. */
export async function* inflated(parts: readonly Uint8Array[], label: string): AsyncGenerator<Uint8Array> {
  const stream = createInflate({ chunkSize: 1 << 18 });
  for (const part of parts) stream.write(part);
  stream.end();
  try {
    yield* stream;
  } catch (error) {
    switch (systemCode(error)) {
      case "Z_BUF_ERROR":
        throw truncated(label, "PNG image data end early");
      case "Z_DATA_ERROR":
      case "Z_NEED_DICT":
        throw corrupt(label, "PNG image data are damaged");
      default:
        throw error;
    }
  } finally {
    stream.destroy();
  }
}
