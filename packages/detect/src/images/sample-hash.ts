import { createHash } from "node:crypto";
import { hashFile, type Raster, type Sample } from "@inctrl/datasets";

/** Names samples by what they show, so that a copied or renamed image is known again. */
export class ContentHasher {
  /** Files that hold many samples are read once. */
  readonly #files = new Map<string, Promise<string>>();

  /**
   * sha256 of a sample: of its file and which part of it the sample is, or of its pixels, which `load` gives, where there is no file.
   *
   * @throws ImageError where the file cannot be read.
   */
  async hash({ source }: Sample, load: () => Promise<Raster>): Promise<string> {
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
