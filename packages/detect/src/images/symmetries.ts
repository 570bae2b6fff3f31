import type { PreparedImage } from "@inctrl/clip";

/**
 * The pixel, or patch, of the original that one of a square's eight symmetries shows at a place. Symmetry 0 is the square as it
 * is; in the others bit 0 swaps the axes, and bits 1 and 2 reverse them. They are exact, since no pixel is interpolated.
 *
 * @param symmetry 0 to 7.
 * @param place number of the pixel in the symmetric square, row by row.
 * @param size pixels a side.
 * @example
 * symmetricIndex(6, 0, 4); // half a turn: 15, the last of 16 pixels
 */
export function symmetricIndex(symmetry: number, place: number, size: number): number {
  return sourceOf(symmetry, Math.floor(place / size), place % size, size);
}

function sourceOf(symmetry: number, row: number, column: number, size: number): number {
  const y = symmetry & 2 ? size - 1 - row : row;
  const x = symmetry & 4 ? size - 1 - column : column;
  return symmetry & 1 ? x * size + y : y * size + x;
}

/**
 * Copies a square picture in one of its symmetries.
 *
 * @param from channels interleaved, [size, size, channels].
 * @param to receives the copy, from `offset` on. Default: a new array.
 * @example
 * const upsideDown = symmetricSquare(view.pixels, view.size, 3, 6);
 */
export function symmetricSquare(
  from: Uint8Array,
  size: number,
  channels: number,
  symmetry: number,
  to: Uint8Array = new Uint8Array(size * size * channels),
  offset = 0,
): Uint8Array {
  for (let row = 0, at = offset; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const source = sourceOf(symmetry, row, column, size) * channels;
      for (let c = 0; c < channels; c++) to[at++] = from[source + c];
    }
  }
  return to;
}

/** A prepared image in one symmetry of its square. */
export function symmetricView(view: PreparedImage, symmetry: number): PreparedImage {
  return symmetry === 0 ? view : { ...view, pixels: symmetricSquare(view.pixels, view.size, 3, symmetry) };
}
