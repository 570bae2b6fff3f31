import { TensorFileError } from "./error.js";

// Apart from the public files, so that the published types name nothing of Node's.

/** Node's file system; browsers, which have none, get an error that says what to do instead. */
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
