import { sha256 } from "@inctrl/datasets";
import { patchesOf, type TapLayout } from "../backbone/backbone.js";
import { DetectError } from "../errors.js";
import type { Layout } from "../files/tensor-cache.js";
import type { Encoder } from "./encoder.js";

/** How features are made, which decides what they are and how large. */
export interface FeatureRecipe {
  /** Everything that features depend on but the image itself. */
  readonly id: string;
  /** Grid and width of each tap. */
  readonly layouts: readonly TapLayout[];
  readonly embedDim: number;
  /** Patch tokens are kept as they are, in float32, instead of at length 1 in float16. */
  readonly raw: boolean;
}

/** Raised when features are computed or stored in another way. Files of other versions are not found any more. */
const VERSION = 1;

type Settings = Pick<Encoder, "backbone" | "fit" | "taps" | "preprocess" | "layouts" | "raw" | "features">;

export function featureRecipe({
  backbone,
  fit,
  taps,
  preprocess,
  layouts,
  raw,
  features,
}: Settings): FeatureRecipe {
  const { fingerprint, embedDim } = backbone;
  const facts = { version: VERSION, backbone: fingerprint, fit, blocks: taps, preprocess };
  return {
    id: JSON.stringify({ ...facts, ...(raw && { raw }), ...(!features && { features }) }),
    layouts,
    embedDim,
    raw,
  };
}

/** Values of all taps of an image. */
export const tokenValues = ({ layouts }: Pick<FeatureRecipe, "layouts">): number =>
  layouts.reduce((sum, layout) => sum + patchesOf(layout) * layout.width, 0);

/** Bytes of the features of one image, in memory and, but for a header, on disk. */
export const featureBytes = (recipe: FeatureRecipe): number =>
  (recipe.raw ? 4 : 2) * tokenValues(recipe) + 4 * recipe.embedDim;

/** The most that a feature file has beside its values. */
const HEADER_BYTES = 1024;

/** @throws DetectError `cache-limit` where a cache cannot hold the features of all images. */
export function checkLimit(recipe: FeatureRecipe, images: number, limit: number): void {
  const needed = images * (featureBytes(recipe) + HEADER_BYTES);
  if (needed <= limit) return;
  const size = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;
  throw new DetectError(
    "cache-limit",
    `the features of ${images} images take ${size(needed)} and the cache may hold ${size(limit)}; ` +
      "raise the limit or take fewer images",
  );
}

/** The name under which features of an image are kept. @param content what tells the image from others, such as its hash. */
export const featureKey = ({ id }: FeatureRecipe, content: string): string =>
  sha256().update(`${id}\n${content}`).hex();

/** What is kept of an image: patch tokens, tap by tap, and the class feature. */
export const featureLayout = (recipe: FeatureRecipe) => {
  const { layouts, embedDim, raw } = recipe;
  const [{ rows, columns, width }] = layouts;
  const same = layouts.every(
    (each) => each.rows === rows && each.columns === columns && each.width === width,
  );
  const shape = same ? [layouts.length, rows * columns, width] : [tokenValues(recipe)];
  return {
    patches: { dtype: raw ? "F32" : "F16", shape },
    feature: { dtype: "F32", shape: [embedDim] },
  } as const satisfies Layout;
};
