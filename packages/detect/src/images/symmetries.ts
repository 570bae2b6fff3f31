import { slice, type Tensor, transpose } from "@inctrl/tensor";
import type { View } from "./augmentation.js";

/** Pixels, or patches, across and down. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The pixel, or patch, of the original that one of a picture's eight symmetries shows at a place. Symmetry 0 is the picture as it
 * is; in the others bit 0 swaps the axes, and bits 1 and 2 reverse them. They are exact, since no pixel is interpolated.
 *
 * @param symmetry 0 to 7.
 * @param place number of the pixel in the symmetric picture, row by row.
 * @param size of the original.
 * @example
 * symmetricIndex(6, 0, { width: 4, height: 4 }); // half a turn: 15, the last of 16 pixels
 */
export function symmetricIndex(symmetry: number, place: number, size: Size): number {
  const { width } = symmetricSize(symmetry, size);
  return sourceOf(symmetry, Math.floor(place / width), place % width, size);
}

/** The size of a picture in one of its symmetries. */
export const symmetricSize = (symmetry: number, { width, height }: Size): Size =>
  symmetry & 1 ? { width: height, height: width } : { width, height };

function sourceOf(symmetry: number, row: number, column: number, original: Size): number {
  const { width, height } = symmetricSize(symmetry, original);
  const y = symmetry & 2 ? height - 1 - row : row;
  const x = symmetry & 4 ? width - 1 - column : column;
  return symmetry & 1 ? x * original.width + y : y * original.width + x;
}

/**
 * Copies a picture in one of its symmetries.
 *
 * @param from channels interleaved, [height, width, channels].
 * @param to receives the copy, from `offset` on. Default: a new array of the same length.
 * @example
 * const upsideDown = symmetricPixels(view.pixels, view, 3, 6);
 */
export function symmetricPixels<T extends Uint8Array | Float32Array>(
  from: T,
  size: Size,
  channels: number,
  symmetry: number,
  to: T = from.slice() as T,
  offset = 0,
): T {
  const { width, height } = symmetricSize(symmetry, size);
  for (let row = 0, at = offset; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const source = sourceOf(symmetry, row, column, size) * channels;
      for (let c = 0; c < channels; c++) to[at++] = from[source + c];
    }
  }
  return to;
}

/** All of an axis, from its end. */
const REVERSED = [-1, Number.NEGATIVE_INFINITY, -1] as const;

/** A picture on the device, [height, width], in one of its symmetries. */
export function symmetricTensor<T extends Tensor>(x: T, symmetry: number): T {
  const turned = symmetry & 1 ? transpose(x) : x;
  return slice(turned, [symmetry & 2 ? REVERSED : null, symmetry & 4 ? REVERSED : null]) as T;
}

/** A prepared image in one of its symmetries. */
export function symmetricView<T extends View>(view: T, symmetry: number): T {
  if (symmetry === 0) return view;
  const pixels = symmetricPixels(view.pixels, view, 3, symmetry);
  return { ...view, ...symmetricSize(symmetry, view), pixels };
}
