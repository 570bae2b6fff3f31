import type { Box } from "@inctrl/datasets";
import type { View } from "../images/augmentation.js";
import { type ImageRegion, type ImageSize, pixelsInside } from "../images/region.js";
import { meanOf, medianOf } from "../metrics/metrics.js";

/** Plain facts of an image as the model sees it: of its views before they are normalised, inside the region where a bank has one. */
export interface PixelFacts {
  /** The mean luma, 0 to 255. */
  readonly brightness: number;
  /** The standard deviation of luma. */
  readonly contrast: number;
  /** The variance of luma's Laplacian over the variance of luma. Gain and offset do not move it; blur makes it smaller. 0 for a flat view. */
  readonly sharpness: number;
  /** They are of a region alone. Absent for whole views, and in banks and ledgers of earlier versions. */
  readonly regional?: true;
}

/** What drift is told by besides scores. */
export interface ImageFacts extends PixelFacts {
  /** The median of the residual map: it grows where all patches move, as when the camera is turned. */
  readonly patches: number;
  /**
   * Half of 1 - cosine of the class feature to the mean of the prompts' ones; absent where a method keeps none or an earlier version did
   * not, and with a region, since it is of all that the view shows.
   */
  readonly feature?: number;
}

/** The facts that every image has, in the order in which they are told. */
export const FACTS = ["brightness", "contrast", "sharpness", "patches"] as const;

/** A fact that is a number. */
export type FactName = (typeof FACTS)[number] | "feature";

/** The facts that all of some images have. */
export const commonFacts = (images: readonly ImageFacts[]): FactName[] =>
  images.every(({ feature }) => feature !== undefined) ? [...FACTS, "feature"] : [...FACTS];

/** A view as facts are taken of it. */
type SeenView = Pick<View, "width" | "height" | "pixels">;

/**
 * The facts of an image's views, each the mean over them.
 *
 * @example pixelFacts([{ width: 2, height: 1, pixels: Uint8Array.of(0, 0, 0, 255, 255, 255) }]); // brightness 127.5
 */
export const pixelFacts = (views: readonly SeenView[]): PixelFacts =>
  meanFacts(views.map((view) => factsOfView(view)));

/**
 * The same of the pixels inside a region. Views that show none of it do not count; all facts are 0 where no view does.
 *
 * @param of the image's own size.
 */
export function regionFacts(
  views: readonly (SeenView & { readonly box: Box })[],
  { region, of }: { readonly region: ImageRegion; readonly of: ImageSize },
): PixelFacts {
  const seen = views.flatMap((view) => {
    const inside = pixelsInside(region, { box: view.box, of }, view);
    return inside.includes(1) ? factsOfView(view, inside) : [];
  });
  return { ...meanFacts(seen), regional: true };
}

function meanFacts(each: readonly PixelFacts[]): PixelFacts {
  const mean = (name: "brightness" | "contrast" | "sharpness") =>
    each.length === 0 ? 0 : meanOf(each.map((facts) => facts[name]));
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
    ...(features.length === views.length && !pixels.regional && { feature: meanOf(features) }),
  };
}

/** @param inside 1 or 0 for each pixel that counts; all where it is absent. */
function factsOfView({ width, height, pixels }: SeenView, inside?: Uint8Array): PixelFacts {
  const luma = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++)
    luma[i] = 0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2];
  const { mean, variance } = spread(inside ? luma.filter((_, i) => inside[i] === 1) : luma);
  const edges = laplacian(luma, { width, height, inside });
  // A flat view has no edges to be sharp; float32 leaves about 1e-9 of its variance.
  const sharpness = variance > 1e-6 ? spread(edges).variance / variance : 0;
  return { brightness: mean, contrast: Math.sqrt(variance), sharpness };
}

/** Four times each inner pixel less its neighbours, where all five count. */
function laplacian(
  luma: Float32Array,
  { width, height, inside }: ImageSize & { readonly inside?: Uint8Array },
): Float32Array {
  const out = new Float32Array(luma.length);
  let count = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const [left, right, above, below] = [at - 1, at + 1, at - width, at + width];
      if (inside && !(inside[at] & inside[left] & inside[right] & inside[above] & inside[below])) continue;
      out[count++] = 4 * luma[at] - luma[left] - luma[right] - luma[above] - luma[below];
    }
  }
  return out.subarray(0, count);
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
