/** Parameter of Keys' cubic kernel (1981) that Pillow and PyTorch take for antialiased resizing. */
const A = -0.5;
/** The kernel reaches two samples to either side. */
const SUPPORT = 2;

/** Weights of each output sample along one axis: `counts[i]` of them, which add up to 1, at `i * stride`, for inputs from `starts[i]` on. */
export interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float64Array;
  readonly stride: number;
}

/** Keys' cubic kernel of parameter `a`. */
export function cubic(value: number, a: number): number {
  const x = Math.abs(value);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/**
 * Taps of outputs [first, first + count) of an axis resized from `from` to `to` samples by antialiased bicubic: half-pixel
 * centres, the kernel widened when shrinking, cut at the borders and renormalised, as Pillow and PyTorch compute them.
 */
export function bicubicTaps(from: number, to: number, first = 0, count = to): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = SUPPORT * stretch;
  const inverse = 1 / stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Float64Array(count * stride);
  for (let i = 0; i < count; i++) {
    const centre = (first + i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const length = Math.min(from, Math.trunc(centre + support + 0.5)) - start;
    const at = i * stride;
    let sum = 0;
    for (let j = 0; j < length; j++) sum += weights[at + j] = cubic((j + start - centre + 0.5) * inverse, A);
    for (let j = 0; j < length && sum !== 0; j++) weights[at + j] /= sum;
    starts[i] = start;
    counts[i] = length;
  }
  return { starts, counts, weights, stride };
}
