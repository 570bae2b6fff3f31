import type { PreparedImage } from "./prepare.js";

/**
 * Where one of a square's eight turns (by quarters, each also mirrored) has its pixel, or patch, from: its number in the
 * original. Turn 0 leaves the square as it is; otherwise bit 0 swaps the axes, and bits 1 and 2 reverse them.
 *
 * @param place number of the pixel in the turned square, row by row.
 * @param size pixels a side.
 * @example
 * turnedFrom(6, 0, 4); // half a turn: 15, the last of 16 pixels
 */
export function turnedFrom(turn: number, place: number, size: number): number {
  return sourceOf(turn, Math.floor(place / size), place % size, size);
}

function sourceOf(turn: number, row: number, column: number, size: number): number {
  const y = turn & 2 ? size - 1 - row : row;
  const x = turn & 4 ? size - 1 - column : column;
  return turn & 1 ? x * size + y : y * size + x;
}

/**
 * Copies a square picture in one of its symmetries.
 *
 * @param from channels interleaved, [size, size, channels].
 * @param to where it is written, from `offset` on. Default: a new array.
 * @example
 * const upsideDown = turnSquare(view.pixels, view.size, 3, 6);
 */
export function turnSquare(
  from: Uint8Array,
  size: number,
  channels: number,
  turn: number,
  to: Uint8Array = new Uint8Array(size * size * channels),
  offset = 0,
): Uint8Array {
  for (let row = 0, at = offset; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const source = sourceOf(turn, row, column, size) * channels;
      for (let c = 0; c < channels; c++) to[at++] = from[source + c]!;
    }
  }
  return to;
}

/** A prepared image in one of the symmetries of its square. */
export function turnedView(view: PreparedImage, turn: number): PreparedImage {
  return turn === 0 ? view : { ...view, pixels: turnSquare(view.pixels, view.size, 3, turn) };
}

/** A prepared image in the first `turns` symmetries of its square, itself first. */
export function turnedViews(view: PreparedImage, turns: number): PreparedImage[] {
  return Array.from({ length: turns }, (_, turn) => turnedView(view, turn));
}
