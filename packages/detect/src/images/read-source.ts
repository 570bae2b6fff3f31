import { cropRaster, decodeImage, type Raster, type Reading, type Source } from "@inctrl/datasets";

/** The part of an image file that is wanted. */
export interface FilePart extends Omit<Source, "record"> {
  readonly reading?: Reading;
  /** sha256 of the file, where no other bytes than those will do. */
  readonly sha256?: string;
}

/** Decodes image files and parts of them. The last image that a part was cut from is held: parts of one follow each other. */
export class SourceReader {
  #whole: { readonly of: string; readonly raster: Raster } | null = null;

  /** @throws ImageError where the file cannot be read, and `changed` for other bytes than those of `sha256`. */
  async read({ path, box, reading, sha256 }: FilePart): Promise<Raster> {
    const options = { ...reading, sha256 };
    if (!box) return decodeImage(path, options);
    const of = JSON.stringify([path, options]);
    if (this.#whole?.of !== of) this.#whole = { of, raster: await decodeImage(path, options) };
    return cropRaster(this.#whole.raster, box);
  }
}
