import { createHash } from "node:crypto";
import { hashFile, type Raster } from "@inctrl/datasets";
import type { ImageItem } from "./source.js";

/** Hashes what images show, so that a copied or renamed image is recognised. */
export class SampleHasher {
  /** Files that hold many images are read once. */
  readonly #files = new Map<string, Promise<string>>();

  /**
   * sha256 of an image: of its file and of which part of the file it is. Without a file, of the pixels that `load` gives.
   *
   * @throws ImageError where the file cannot be read.
   */
  async hash({ source }: ImageItem, load: () => Promise<Raster>): Promise<string> {
    if (!source) {
      const { width, height, mode, data, palette } = await load();
      const hash = createHash("sha256")
        .update(JSON.stringify([width, height, mode]))
        .update(data);
      return hash.update(palette ?? new Uint8Array()).digest("hex");
    }
    const { path, box, record } = source;
    const file = await this.#file(path);
    if (!box && record === undefined) return file;
    const part = [file, box && [box.x, box.y, box.width, box.height], record];
    return createHash("sha256").update(JSON.stringify(part)).digest("hex");
  }

  #file(path: string): Promise<string> {
    let hash = this.#files.get(path);
    if (!hash) {
      hash = hashFile(path);
      this.#files.set(path, hash);
    }
    return hash;
  }
}

/** The hash of an image in one of its symmetries; symmetry 0 is the image as it is. */
export const symmetryHash = (hash: string, symmetry: number): string =>
  // The text is part of the names of stored features and stays as it is.
  symmetry === 0 ? hash : createHash("sha256").update(`${hash} turned ${symmetry}`).digest("hex");
