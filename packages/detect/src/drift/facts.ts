import type { View } from "../images/augmentation.js";
import { meanOf, medianOf } from "../metrics/metrics.js";

/** Plain facts of an image as the model sees it: of its views before they are normalised. */
export interface PixelFacts {
  /** The mean luma, 0 to 255. */
  readonly brightness: number;
  /** The standard deviation of luma. */
  readonly contrast: number;
  /** The variance of luma's Laplacian over the variance of luma. Gain and offset do not move it; blur makes it smaller. 0 for a flat view. */
  readonly sharpness: number;
}

/** What drift is told by besides scores. */
export interface ImageFacts extends PixelFacts {
  /** The median of the residual map: it grows where all patches move, as when the camera is turned. */
  readonly patches: number;
  /** Half of 1 - cosine of the class feature to the mean of the prompts' ones; absent where a method keeps none, or an earlier version did not. */
  readonly feature?: number;
}

/** The facts that every image has, in the order in which they are told. */
export const FACTS = ["brightness", "contrast", "sharpness", "patches"] as const;

/** The facts that all of some images have. */
export const commonFacts = (images: readonly ImageFacts[]): (keyof ImageFacts)[] =>
  images.every(({ feature }) => feature !== undefined) ? [...FACTS, "feature"] : [...FACTS];

/**
 * The facts of an image's views, each the mean over them.
 *
 * @example pixelFacts([{ width: 2, height: 1, pixels: Uint8Array.of(0, 0, 0, 255, 255, 255), box }]); // brightness 127.5
 */
export function pixelFacts(views: readonly Pick<View, "width" | "height" | "pixels">[]): PixelFacts {
  const each = views.map(factsOfView);
  const mean = (name: keyof PixelFacts) => meanOf(each.map((facts) => facts[name]));
  return { brightness: mean("brightness"), contrast: mean("contrast"), sharpness: mean("sharpness") };
}

/** What facts are taken of a view besides its pixels. */
interface ScoredView {
  readonly map: { readonly values: Float32Array };
  /** The patches that count, 1 or 0; all where it is absent. */
  readonly inside?: Uint8Array;
  readonly feature?: number;
}

/** The facts of a scored image; undefined where its features came from a cache, so that nobody saw its pixels. */
export function imageFacts({
  pixels,
  views,
}: {
  readonly pixels?: PixelFacts;
  readonly views: readonly ScoredView[];
}): ImageFacts | undefined {
  if (!pixels) return undefined;
  const counting = views.map(({ map: { values }, inside }) =>
    inside ? values.filter((_, patch) => inside[patch] === 1) : values,
  );
  const medians = counting.filter(({ length }) => length > 0).map(medianOf);
  const features = views.flatMap(({ feature }) => feature ?? []);
  return {
    ...pixels,
    patches: medians.length > 0 ? meanOf(medians) : 0,
    ...(features.length === views.length && { feature: meanOf(features) }),
  };
}

function factsOfView({ width, height, pixels }: Pick<View, "width" | "height" | "pixels">): PixelFacts {
  const luma = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++)
    luma[i] = 0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2];
  const { mean, variance } = spread(luma);
  // A flat view has no edges to be sharp; float32 leaves about 1e-9 of its variance.
  const sharpness = variance > 1e-6 ? spread(laplacian(luma, width, height)).variance / variance : 0;
  return { brightness: mean, contrast: Math.sqrt(variance), sharpness };
}

/** Four times each inner pixel less its neighbours. */
function laplacian(luma: Float32Array, width: number, height: number): Float32Array {
  const [columns, rows] = [Math.max(0, width - 2), Math.max(0, height - 2)];
  const out = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = (y + 1) * width + x + 1;
      out[y * columns + x] = 4 * luma[at] - luma[at - 1] - luma[at + 1] - luma[at - width] - luma[at + width];
    }
  }
  return out;
}

function spread(values: Float32Array): { mean: number; variance: number } {
  if (values.length === 0) return { mean: 0, variance: 0 };
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, variance: squares / values.length };
}
