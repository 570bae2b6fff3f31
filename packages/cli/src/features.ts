import { join } from "node:path";
import { cacheDir } from "@inctrl/clip";
import {
  type Backbone,
  CachedEncoder,
  Encoder,
  type EncoderOptions,
  FeatureStore,
  type TensorCache,
} from "@inctrl/detect";

/** Default folder of cached features. */
export const featureFolder = (): string => join(cacheDir(), "features");

/**
 * An encoder whose features are kept in a cache. The cache holds one square of each image, so that features of whole images and of
 * tiles are not kept, which is said.
 */
export function keepingEncoder(
  backbone: Backbone,
  { fit, batch, ...input }: EncoderOptions,
  cache: TensorCache,
  onNote?: (text: string) => void,
): Encoder {
  if (fit !== "whole" && fit !== "tile")
    return new CachedEncoder(new FeatureStore(backbone, cache, { ...input, fit }));
  const what = fit === "whole" ? "whole images" : "tiles";
  onNote?.(`--cache: features of ${what} are not kept; the cache holds one square of each image`);
  return new Encoder(backbone, { ...input, fit, batch });
}
