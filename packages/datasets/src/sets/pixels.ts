import { extname } from "node:path";
import { decodeSamples, imageHeader, type Reading } from "../decode/decode.js";
import { swapsAxes, upright } from "../decode/orientation.js";
import { ImageError } from "../errors.js";
import { type Raster, SAMPLES, type Samples } from "../raster.js";
import { count } from "../text.js";
import type { Box, Mask } from "./model.js";

/** The part of an image within `box`. */
export function cropRaster(raster: Raster, box: Box): Raster {
  const { width, height } = box;
  const data = cropBytes(raster.data, raster.width, box, SAMPLES[raster.mode]);
  return { ...raster, width, height, data };
}

/** The part of a mask within `box`. */
export function cropMask(mask: Mask, box: Box): Mask {
  return { width: box.width, height: box.height, data: cropBytes(mask.data, mask.width, box, 1) };
}

function cropBytes(from: Uint8Array, stride: number, box: Box, samples: number): Uint8Array {
  const bytes = box.width * samples;
  const to = new Uint8Array(bytes * box.height);
  for (let y = 0; y < box.height; y++) {
    const start = ((box.y + y) * stride + box.x) * samples;
    to.set(from.subarray(start, start + bytes), y * bytes);
  }
  return to;
}

/** Whether a mask, or the part of it within a box, marks any pixel. */
export function hasDefect(mask: Mask, { x, y, width, height }: Box = { x: 0, y: 0, ...mask }): boolean {
  for (let row = y; row < y + height; row++) {
    if (mask.data.subarray(row * mask.width + x, row * mask.width + x + width).includes(255)) return true;
  }
  return false;
}

/** Whether a mask marks more than half of its image. */
export function marksMost({ data }: Mask): boolean {
  let marked = 0;
  for (const value of data) if (value) marked++;
  return 2 * marked > data.length;
}

/**
 * What to say where most masks mark most of their image, as drawings do in which black stands for the defect; undefined elsewhere.
 *
 * @param large whether each mask does.
 */
export function invertedText(large: readonly boolean[]): string | undefined {
  const many = large.filter(Boolean).length;
  if (2 * many <= large.length) return undefined;
  const mark = many === 1 ? "marks" : "mark";
  return `${many} of ${count(large.length, "mask")} ${mark} more than half of the image; white must mark the defect: if black does here, invert the masks`;
}

/**
 * The mask of an image: the union of its files, each scaled to the size of the image by the nearest pixel. Pixels that are not
 * black are anomalous; in a lossy file, those nearer to white than to black. Where the image is turned upright, so is a mask that has
 * the shape of what is stored.
 *
 * @throws ImageError as `decodeImage`, `corrupt` where a file has another shape than the image
 */
export async function readMask(image: string, files: readonly string[], reading?: Reading): Promise<Mask> {
  const { width, height, orientation } = await imageHeader(image, reading);
  const data = new Uint8Array(width * height);
  let scaledFrom: Mask["scaledFrom"];
  for (const path of files) {
    let raster = await decodeSamples(path);
    if (swapsAxes(orientation) && !sameShape(raster, { width, height }))
      raster = upright(raster, orientation);
    if (!sameShape(raster, { width, height })) {
      const problem = `${raster.width} x ${raster.height} pixels for an image of ${width} x ${height}, which is another shape`;
      throw new ImageError("corrupt", path, problem, "draw the mask at the size of the image");
    }
    if (raster.width !== width || raster.height !== height) {
      scaledFrom = { width: raster.width, height: raster.height };
    }
    addMarks(raster, LOSSY.test(extname(path)) ? 127 : 0, { width, height, data });
  }
  return { width, height, data, ...(scaledFrom && { scaledFrom }) };
}

const LOSSY = /^\.(jpe?g|jpe|jfif|jp[2xfc]|j2[kc]|webp)$/i;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whether one is the other scaled, its sides rounded to whole pixels. With one side equal and the other not, it was cut. */
function sameShape(a: Size, b: Size): boolean {
  if (a.width === b.width || a.height === b.height) return a.width === b.width && a.height === b.height;
  const large = a.width * a.height > b.width * b.height ? a : b;
  return Math.abs(a.width * b.height - a.height * b.width) <= Math.max(large.width, large.height);
}

function addMarks({ mode, width, height, data, palette }: Samples, black: number, mask: Mask): void {
  const samples = SAMPLES[mode];
  // Alpha does not mark defects.
  const colours = samples >= 3 ? 3 : 1;
  const entry = (index: number) => Math.max(...palette!.subarray(index * 3, index * 3 + 3));
  const lightness = palette && Uint8Array.from({ length: 256 }, (_, index) => entry(index));
  for (let row = 0, to = 0; row < mask.height; row++) {
    const y = Math.floor(((row + 0.5) * height) / mask.height);
    for (let column = 0; column < mask.width; column++, to++) {
      const x = Math.floor(((column + 0.5) * width) / mask.width);
      const at = (y * width + x) * samples;
      for (let c = 0; c < colours; c++) {
        const value = lightness ? lightness[data[at + c]] : data[at + c];
        if (value > black) mask.data[to] = 255;
      }
    }
  }
}
