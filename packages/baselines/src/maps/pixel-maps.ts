import { positionMatrix } from "@inctrl/clip";
import { matmul, scope, type Tensor, tensor } from "@inctrl/tensor";

/** How a map goes on beyond its edges: `symmetric` repeats the edge (SciPy's "reflect"), `mirror` does not (PyTorch's "reflect"). */
export type Border = "symmetric" | "mirror";

/** A Gaussian blur. */
export interface Blur {
  /** Standard deviation in pixels. */
  readonly sigma: number;
  readonly border: Border;
  /** Pixels to each side that it covers. Default: four deviations. */
  readonly radius?: number;
}

/** The blur of the published programs. */
export const BLUR: Blur = { sigma: 4, border: "symmetric" };

const TRUNCATE = 4;

/** Values between grid points: bilinear or bicubic (a = -0.75) with half-pixel centres, as PyTorch's, or those of the nearest point. */
export type Upsampling = "bilinear" | "bicubic" | "nearest";

export interface PixelMapOptions {
  /** Default: none. */
  readonly blur?: Blur;
  /** Default `bilinear`. */
  readonly upsampling?: Upsampling;
}

/**
 * Maps of patches as maps of pixels: interpolated, then blurred. Both are linear along each axis, so one product an axis does both.
 *
 * @param maps [views, rows, columns].
 * @returns [views, height, width].
 * @example
 * const pixels = pixelMaps(distances, { width: 224, height: 224 }, { blur: BLUR });
 */
export function pixelMaps(
  maps: Tensor,
  { width, height }: { readonly width: number; readonly height: number },
  options: PixelMapOptions = {},
): Tensor {
  const [, rows, columns] = maps.shape;
  const along = (from: number, to: number) =>
    tensor(maps.device, Float32Array.from(axisMatrix(from, to, options)), [to, from]);
  return scope(() => matmul(along(rows, height), matmul(maps, along(columns, width), { transposeB: true })));
}

/** What an output sample takes of each input sample along an axis, row by row in float64, [to, from]. */
export function axisMatrix(
  from: number,
  to: number,
  { blur, upsampling = "bilinear" }: PixelMapOptions = {},
): Float64Array {
  const grown = UPSAMPLING[upsampling](from, to);
  if (!blur) return grown;
  const out = new Float64Array(to * from);
  const { taps, radius } = gaussian(blur);
  for (let i = 0; i < to; i++) {
    for (const [t, weight] of taps.entries()) {
      const source = reflected(i + t - radius, to, blur.border) * from;
      for (let j = 0; j < from; j++) out[i * from + j] += weight * grown[source + j];
    }
  }
  return out;
}

function bilinear(from: number, to: number): Float64Array {
  const out = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const place = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(place);
    out[i * from + low] += 1 - (place - low);
    if (place > low) out[i * from + low + 1] += place - low;
  }
  return out;
}

function nearest(from: number, to: number): Float64Array {
  const out = new Float64Array(to * from);
  for (let i = 0; i < to; i++) out[i * from + Math.floor((i * from) / to)] = 1;
  return out;
}

const UPSAMPLING: Readonly<Record<Upsampling, (from: number, to: number) => Float64Array>> = {
  bilinear,
  bicubic: (from, to) => Float64Array.from(positionMatrix("plain", from, to)),
  nearest,
};

/** The taps of a Gaussian, which sum to 1. */
function gaussian({ sigma, radius = Math.floor(TRUNCATE * sigma + 0.5) }: Blur): {
  taps: number[];
  radius: number;
} {
  const taps = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = taps.reduce((a, b) => a + b, 0);
  return { taps: taps.map((tap) => tap / sum), radius };
}

/** The sample that stands for the one at `i`, reflected as often as it takes. */
function reflected(i: number, length: number, border: Border): number {
  if (length === 1) return 0;
  const period = border === "symmetric" ? 2 * length : 2 * length - 2;
  const at = ((i % period) + period) % period;
  return at < length ? at : border === "symmetric" ? period - 1 - at : period - at;
}
