import { prepareImage } from "@inctrl/clip/web";
import { type Box, type Raster, type Reading, readAs } from "@inctrl/datasets/web";
import { type Encoder, fileImage, type ImageItem, type Photo, photoOf } from "@inctrl/detect/web";
import { dropFile, holdFile } from "@inctrl/tensor/files";

/** Longest side of a photo on the page: larger ones would take memory and show no more. */
const PHOTO_SIDE = 1024;

/** Files in memory under names of their own, each of which is told once; `release` lets go of them. */
export async function holdImages(files: readonly File[]): Promise<{ names: string[]; release(): void }> {
  const names: string[] = [];
  for (const file of files) {
    const same = names.filter((name) => name.replace(/^\d+\//, "") === file.name).length;
    const name = same === 0 ? file.name : `${same + 1}/${file.name}`;
    holdFile(name, new Uint8Array(await file.arrayBuffer()));
    names.push(name);
  }
  return { names, release: () => names.forEach(dropFile) };
}

/** An image that was decoded as prompts were, so that it is decoded once. */
export interface Decoded {
  readonly item: ImageItem;
  readonly raster: Raster;
}

export async function decodeHeld(name: string, reading: Reading): Promise<Decoded> {
  const item = readAs(fileImage(name), reading);
  const raster = await item.load();
  return { item: { id: name, sha256: item.sha256, load: async () => raster }, raster };
}

/** The pixels of a camera's frame, which is let go. */
export function decodeFrame(name: string, frame: ImageBitmap): Decoded {
  const { width, height } = frame;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(frame, 0, 0);
  frame.close();
  const { data } = context.getImageData(0, 0, width, height);
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3)
    rgb.set(data.subarray(from, from + 3), to);
  const raster: Raster = { width, height, mode: "RGB", data: rgb };
  return { item: { id: name, load: async () => raster }, raster };
}

export const photoOfRaster = (raster: Raster): Photo =>
  photoOf(raster, (side) => Math.ceil(side / PHOTO_SIDE));

/** A picture of RGB as the page draws it. */
export function bitmapOf({ width, height, data }: Photo["image"]): Promise<ImageBitmap> {
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels[to] = data[from];
    pixels[to + 1] = data[from + 1];
    pixels[to + 2] = data[from + 2];
  }
  return createImageBitmap(new ImageData(pixels, width, height));
}

/** The parts of an image that its views show, in its pixels. */
export const viewBoxes = (raster: Raster, { preprocess, fit }: Encoder): Box[] =>
  prepareImage(raster, preprocess, fit).map(({ box }) => box);
