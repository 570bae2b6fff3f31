import { decodeImage, hashFile, oneLine, type Raster, type Reading, type Source } from "@inctrl/datasets";
import type { Augmentation } from "./augmentation.js";
import { parseFewShot, readFewShot } from "./few-shot.js";

/** One image on its way to the encoder. A `Sample` of a data set is one too. */
export interface ImageItem {
  /** What results call it: a path, or the name of a sample. */
  readonly id: string;
  /** The file that `load` reads, which part of it, and where only some bytes will do, their sha256: others read the file themselves. */
  readonly source?: Source & { readonly sha256?: string };
  /** The file in memory that `load` reads. */
  readonly bytes?: Uint8Array;
  /** Symmetries that it is encoded in (`symmetricView`), or variants of its augmentation, 0 as it is. Default: as it is alone. */
  readonly symmetries?: readonly number[];
  /** What the numbers in `symmetries` are of. Default: symmetries. */
  readonly augmentation?: Augmentation;
  /** How its file becomes pixels (`readAs`). */
  readonly reading?: Reading;
  /** Decodes the image. Rejects with an ImageError when it cannot be read. */
  load(reading?: Reading): Promise<Raster>;
  /** sha256 of the file behind it. */
  sha256?(): Promise<string>;
}

/** Images in the order in which they are wanted. */
export type ImageSource = Iterable<ImageItem> | AsyncIterable<ImageItem>;

/**
 * An image file, or one prompt of a few-shot file (`candle.pt#000`).
 *
 * @param reading how the file becomes pixels. Default: the orientation in EXIF is followed.
 * @example const { width, height } = await fileImage("part.png").load();
 */
export function fileImage(path: string, { orientation = "follow", ...more }: Reading = {}): ImageItem {
  const part = parseFewShot(path);
  const reading = { orientation, ...more };
  return {
    ...{ id: path, reading },
    ...(!part && { source: { path } }),
    load: (other) =>
      part ? readFewShot(part.path, part.index) : decodeImage(path, { ...reading, ...other }),
    sha256: () => hashFile(part?.path ?? path),
  };
}

/**
 * An image whose file is in memory, such as the body of a request.
 *
 * @param id what results call it.
 * @param reading as for `fileImage`.
 * @example const { width, height } = await memoryImage("part 17", bytes).load();
 */
export function memoryImage(
  id: string,
  bytes: Uint8Array,
  { orientation = "follow", ...more }: Reading = {},
): ImageItem {
  const reading = { orientation, ...more };
  return {
    ...{ id, reading, bytes },
    load: (other) => decodeImage(bytes, { label: id, ...reading, ...other }),
    async sha256() {
      const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    },
  };
}

/** Image files as a source, in their order, each read as `fileImage` reads it. */
export async function* fileImages(
  paths: Iterable<string> | AsyncIterable<string>,
  reading?: Reading,
): AsyncGenerator<ImageItem> {
  for await (const path of paths) yield fileImage(path, reading);
}

/** The error with the image's name in its message: what refuses pixels does not know whose they are. */
export function naming({ id }: ImageItem, error: unknown): unknown {
  if (error instanceof Error && !error.message.includes(oneLine(id)))
    error.message = `${id}: ${error.message}`;
  return error;
}
