import { matmul, scope, slice, sub, type Tensor, tensor } from "@inctrl/tensor";

/** Rows of one product; sums of more are added in float64. */
const CHUNK = 1024;

/** Number, sum and sum of squares of some rows, in float64. Those of several sets of rows add up. */
export interface Moments {
  readonly count: number;
  /** [width]. */
  readonly mean: Float64Array;
  /** Products of deviations from the mean, summed over rows, [width, width]. */
  readonly scatter: Float64Array;
}

/**
 * The moments of rows on the device. Rows are shifted by a mean before they are multiplied, so that float32 keeps their differences,
 * and products of at most 1024 rows are added in float64.
 *
 * @param rows [count, width].
 */
export async function momentsOf(rows: Tensor): Promise<Moments> {
  const [count, width] = rows.shape;
  const values = await rows.data();
  const mean = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width] += values[i] / count;
  const shift = Float32Array.from(mean);
  const products = scope(() => {
    const centred = sub(rows, tensor(rows.device, shift, [width]));
    return Array.from({ length: Math.ceil(count / CHUNK) }, (_, i) => {
      const some = slice(centred, [[i * CHUNK, Math.min(count, (i + 1) * CHUNK)]]);
      return matmul(some, some, { transposeA: true });
    });
  });
  const scatter = new Float64Array(width * width);
  for (const product of products) {
    const part = await product.data();
    for (let i = 0; i < part.length; i++) scatter[i] += part[i];
    product.dispose();
  }
  // The shift was rounded to float32.
  const off = mean.map((value, i) => value - shift[i]);
  for (let i = 0; i < scatter.length; i++) scatter[i] -= count * off[Math.floor(i / width)] * off[i % width];
  return { count, mean, scatter };
}

/** The moments of all rows of two sets (Chan, Golub and LeVeque 1979). */
export function joinMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const width = a.mean.length;
  const apart = b.mean.map((value, i) => value - a.mean[i]);
  const weight = (a.count * b.count) / count;
  return {
    count,
    mean: a.mean.map((value, i) => value + (apart[i] * b.count) / count),
    scatter: a.scatter.map(
      (value, i) => value + b.scatter[i] + weight * apart[Math.floor(i / width)] * apart[i % width],
    ),
  };
}
