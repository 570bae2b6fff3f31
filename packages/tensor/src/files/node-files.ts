import { TensorFileError } from "./error.js";

// In a file of its own, so that the published types do not depend on those of Node.

/** Node's file system. @throws TensorFileError `unsupported` in browsers, naming the functions that read bytes. */
export async function nodeFiles(path: string): Promise<typeof import("node:fs/promises")> {
  try {
    return await import("node:fs/promises");
  } catch (cause) {
    throw new TensorFileError(
      "unsupported",
      `${path}: paths need Node; in a browser fetch the bytes and read them with parseSafetensors or parseNpy`,
      { cause },
    );
  }
}
