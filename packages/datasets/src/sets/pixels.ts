import { extname } from "node:path";
import { decodeImage, imageHeader } from "../decode/decode.js";
import { DatasetError, ImageError } from "../errors.js";
import { type Raster, SAMPLES } from "../raster.js";
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

/**
 * Decodes a mask. Pixels that are not black are anomalous; in a lossy file, those nearer to white than to black.
 *
 * @throws ImageError as `decodeImage`, `corrupt` when several masks of an image differ in size
 */
export async function readMask(...paths: readonly string[]): Promise<Mask> {
  let merged: Mask | undefined;
  for (const path of paths) {
    const raster = await decodeImage(path);
    const { width, height } = raster;
    merged ??= { width, height, data: new Uint8Array(width * height) };
    if (merged.width !== width || merged.height !== height) {
      const problem = `${width} x ${height} pixels where another mask of the image has ${merged.width} x ${merged.height}`;
      throw new ImageError("corrupt", path, problem, "redraw the mask at the image's size");
    }
    markDefects(raster, /^\.(jpe?g|webp)$/i.test(extname(path)) ? 128 : 1, merged.data);
  }
  return merged!;
}

/** The mask of the image at `path`. @throws DatasetError as `readMask`, `corrupt` when the image is of another size */
export async function readMaskOf(path: string, masks: readonly string[]): Promise<Mask> {
  const { width, height } = await imageHeader(path);
  const mask = await readMask(...masks);
  if (mask.width === width && mask.height === height) return mask;
  const message = `${masks[0]}: ${mask.width} x ${mask.height} pixels for an image of ${width} x ${height}; left out`;
  throw new DatasetError("corrupt", message);
}

function markDefects({ mode, data, palette }: Raster, least: number, into: Uint8Array): void {
  const colour = (value: number) => (mode === "P" ? palette!.subarray(value * 3, value * 3 + 3) : [value]);
  const marks = Uint8Array.from({ length: 256 }, (_, value) =>
    Math.max(...colour(value)) >= least ? 255 : 0,
  );
  const samples = SAMPLES[mode];
  // Alpha does not mark defects.
  const colours = samples >= 3 ? 3 : 1;
  for (let p = 0; p < into.length; p++) {
    for (let c = 0; c < colours; c++) into[p] |= marks[data[p * samples + c]];
  }
}
