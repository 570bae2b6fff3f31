import { ClipError } from "../errors.js";

/** Keys' cubic kernel with a = -0.5, support [-2, 2], as antialiased bicubic resizing uses it. */
function cubic(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/**
 * Row-stochastic (to, from) matrix that resizes a line of `from` samples to `to`: half-pixel centres, kernel
 * widened when shrinking, cut at the borders and renormalised.
 */
function resizeMatrix(from: number, to: number): Float64Array {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const matrix = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 2 * stretch + 0.5));
    const end = Math.min(from, Math.trunc(centre + 2 * stretch + 0.5));
    let sum = 0;
    for (let j = first; j < end; j++) sum += matrix[i * from + j] = cubic((j - centre + 0.5) / stretch);
    for (let j = first; j < end; j++) matrix[i * from + j]! /= sum;
  }
  return matrix;
}

/** Grids and sizes of a positional embedding to be resized. */
export interface PositionalSizes {
  /** Patches a side in the checkpoint. */
  readonly from: number;
  /** Patches a side wanted. */
  readonly to: number;
  readonly width: number;
  /** Leading tokens without a place on the grid, kept as they are: 1 for CLS. */
  readonly prefix?: number;
}

/**
 * Resizes a (prefix + from^2, width) positional embedding to (prefix + to^2, width): bicubic and antialiased,
 * as PyTorch's `interpolate(mode="bicubic", antialias=True, align_corners=False)`.
 *
 * @example
 * resizePositional(values, { from: 14, to: 15, width: 768 })
 */
export function resizePositional(values: Float32Array, sizes: PositionalSizes): Float32Array {
  const { from, to, width, prefix = 1 } = sizes;
  if (values.length !== (prefix + from * from) * width)
    throw new ClipError(
      "keys",
      `positional embedding: ${values.length} values are not (${prefix} + ${from}x${from}) x ${width}`,
    );
  if (from === to) return values.slice();
  const out = new Float32Array((prefix + to * to) * width);
  out.set(values.subarray(0, prefix * width));
  const matrix = resizeMatrix(from, to);
  // Along x, (from, from) to (from, to); then along y. Intermediates stay in float64.
  const rows = new Float64Array(from * to * width);
  const base = prefix * width;
  for (let y = 0; y < from; y++)
    for (let x = 0; x < to; x++)
      for (let j = 0; j < from; j++) {
        const weight = matrix[x * from + j]!;
        if (weight === 0) continue;
        const source = base + (y * from + j) * width;
        const target = (y * to + x) * width;
        for (let c = 0; c < width; c++) rows[target + c]! += weight * values[source + c]!;
      }
  const column = new Float64Array(to * width);
  for (let y = 0; y < to; y++) {
    column.fill(0);
    for (let j = 0; j < from; j++) {
      const weight = matrix[y * from + j]!;
      if (weight === 0) continue;
      for (let c = 0; c < column.length; c++) column[c]! += weight * rows[j * column.length + c]!;
    }
    out.set(column, base + y * column.length);
  }
  return out;
}
