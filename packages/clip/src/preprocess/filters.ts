/** A resampling filter by Pillow's name. */
export type Filter = "bicubic" | "bilinear" | "lanczos";

interface Kernel {
  /** The weight of a sample at a distance. */
  weight(distance: number): number;
  /** Samples that the kernel reaches to either side. */
  readonly support: number;
}

/** Parameter of Keys' cubic kernel (1981) that Pillow and PyTorch take for antialiased resizing. */
const A = -0.5;

/** Keys' cubic kernel of parameter `a`. */
export function cubic(value: number, a: number): number {
  const x = Math.abs(value);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

const KERNELS: Readonly<Record<Filter, Kernel>> = {
  bicubic: { support: 2, weight: (x) => cubic(x, A) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Weights of each output sample along one axis: `counts[i]` of them, which add up to 1, at `i * stride`, for inputs from `starts[i]` on. */
export interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float64Array;
  readonly stride: number;
}

/**
 * Taps of outputs [first, first + count) of an axis resized from `from` to `to` samples with antialiasing: half-pixel
 * centres, the kernel widened when shrinking, cut at the borders and renormalised, as Pillow and PyTorch compute them.
 */
export function filterTaps(filter: Filter, from: number, to: number, first = 0, count = to): Taps {
  const kernel = KERNELS[filter];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
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
    for (let j = 0; j < length; j++)
      sum += weights[at + j] = kernel.weight((j + start - centre + 0.5) * inverse);
    for (let j = 0; j < length && sum !== 0; j++) weights[at + j] /= sum;
    starts[i] = start;
    counts[i] = length;
  }
  return { starts, counts, weights, stride };
}
