import { basename } from "node:path";
import { CLIP_MEAN, CLIP_STD, openCheckpoint } from "@inctrl/clip";
import { hashFile, type Raster, type Sample } from "@inctrl/datasets";
import type { TensorFile } from "@inctrl/tensor";
import { orClosed, quoted } from "@inctrl/tensor/files";
import { DetectError } from "../errors.js";

/** Files of prompts as the released code has them, `<category>.pt`. */
export const FEW_SHOT = /\.pt$/i;

/** One prompt of such a file, `<category>.pt#003`. */
const PART = /^(?<path>.*\.pt)#(?<index>\d{3,})$/is;

/** Most images of a file, and their largest side. */
const [MAX_IMAGES, MAX_SIDE] = [1000, 4096];

/** How far a value may lie from a whole pixel: float16 files round by 0.07 of one. */
const ROUNDING = 0.2;

/**
 * Names of the prompts in a few-shot file, a list of K preprocessed images (3, side, side): `candle.pt#000`, ...
 *
 * @throws DetectError `few-shot` where the file is none; ClipError or TensorFileError where it cannot be opened.
 */
export async function listFewShot(path: string): Promise<string[]> {
  await using file = await openFewShot(path);
  return [...file.tensors.keys()].map((_, i) => nameOf(path, i));
}

const nameOf = (path: string, index: number): string => `${path}#${String(index).padStart(3, "0")}`;

/** The file and index of a name that `listFewShot` gave; null for names of other kinds. */
export function parseFewShot(name: string): { path: string; index: number } | null {
  const { path, index } = PART.exec(name)?.groups ?? {};
  return path === undefined ? null : { path, index: Number(index) };
}

/**
 * One image of a few-shot file. Preprocessing is taken back: (v std + mean) 255 is a whole number again, so the pixels are
 * exactly those that were saved, and any backbone can prepare them its own way.
 */
export async function readFewShot(path: string, index: number): Promise<Raster> {
  await using file = await openFewShot(path);
  return await fewShotImage(file, index);
}

/** An image of a file that `checkFewShot` took. */
export async function fewShotImage(file: TensorFile, index: number): Promise<Raster> {
  const { shape } = file.tensors.get(String(index)) ?? {};
  if (!shape) throw refuse(file.path, `has no image ${index}`);
  const [, height, width] = shape;
  return { width, height, mode: "RGB", data: toPixels(file.path, await file.readFloat32(String(index))) };
}

/** The prompts of a file as normal training samples of a category, under names without folders. */
export async function fewShotSamples(path: string): Promise<Sample[]> {
  const names = await listFewShot(path);
  return names.map((name, index) => ({
    id: basename(name),
    label: 0,
    kind: "good",
    load: () => readFewShot(path, index),
    sha256: () => hashFile(path),
  }));
}

async function openFewShot(path: string): Promise<TensorFile> {
  const file = await openCheckpoint(path);
  await orClosed(file, () => checkFewShot(file));
  return file;
}

/** @throws DetectError `few-shot` for a file that is no list of preprocessed images. */
export function checkFewShot({ path, tensors }: TensorFile): void {
  const images = [...tensors.values()];
  const wrong = images.find(
    ({ name, shape: [channels, height, width, ...more] }, i) =>
      name !== String(i) || channels !== 3 || !isSide(height) || !isSide(width) || more.length > 0,
  );
  if (!wrong && images.length > 0 && images.length <= MAX_IMAGES) return;
  const found = wrong ? `${quoted(wrong.name)} is [${wrong.shape.join(", ")}]` : `${images.length} tensors`;
  throw refuse(
    path,
    `is no few-shot file (${found}); give a list of 1 to ${MAX_IMAGES} preprocessed images of shape (3, side, side), saved with torch.save`,
  );
}

const isSide = (size: number): boolean => size >= 1 && size <= MAX_SIDE;

const refuse = (path: string, why: string) => new DetectError("few-shot", `${path}: ${why}`);

/** Planes of normalised values to interleaved bytes. */
function toPixels(path: string, values: Float32Array): Uint8Array {
  const count = values.length / 3;
  const data = new Uint8Array(values.length);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < count; i++) {
      const value = (values[c * count + i] * CLIP_STD[c] + CLIP_MEAN[c]) * 255;
      const pixel = Math.round(value);
      if (!(Math.abs(value - pixel) <= ROUNDING && pixel >= 0 && pixel <= 255)) {
        const holds = `holds ${value.toPrecision(4)} for a pixel`;
        throw refuse(path, `${holds}; its images are not preprocessed as CLIP's are`);
      }
      data[3 * i + c] = pixel;
    }
  }
  return data;
}
