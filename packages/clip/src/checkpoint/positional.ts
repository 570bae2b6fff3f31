import { ClipError } from "../errors.js";
import { bicubicTaps } from "../preprocess/bicubic.js";

interface PositionalSizes {
  /** Patches a side in the checkpoint. */
  readonly from: number;
  /** Patches a side wanted. */
  readonly to: number;
  readonly width: number;
}

/**
 * Resizes a (1 + from^2, width) positional embedding to (1 + to^2, width): bicubic and antialiased, as PyTorch's
 * `interpolate(mode="bicubic", antialias=True, align_corners=False)`. The class token's row is kept.
 *
 * @example
 * resizePositional(values, { from: 14, to: 15, width: 768 })
 */
export function resizePositional(values: Float32Array, { from, to, width }: PositionalSizes): Float32Array {
  if (values.length !== (1 + from * from) * width)
    throw new ClipError(
      "keys",
      `positional embedding: ${values.length} values are not (1 + ${from}x${from}) x ${width}`,
    );
  if (from === to) return values.slice();
  const out = new Float32Array((1 + to * to) * width);
  out.set(values.subarray(0, width));
  const { starts, counts, weights, stride } = bicubicTaps(from, to);
  // Along x, (from, from) to (from, to); then along y. Intermediates stay in float64.
  const rows = new Float64Array(from * to * width);
  for (let y = 0; y < from; y++)
    for (let x = 0; x < to; x++)
      for (let j = 0; j < counts[x]; j++) {
        const weight = weights[x * stride + j];
        const source = (1 + y * from + starts[x] + j) * width;
        const target = (y * to + x) * width;
        for (let c = 0; c < width; c++) rows[target + c] += weight * values[source + c];
      }
  const column = new Float64Array(to * width);
  for (let y = 0; y < to; y++) {
    column.fill(0);
    for (let j = 0; j < counts[y]; j++) {
      const weight = weights[y * stride + j];
      const row = (starts[y] + j) * column.length;
      for (let c = 0; c < column.length; c++) column[c] += weight * rows[row + c];
    }
    out.set(column, width + y * column.length);
  }
  return out;
}
