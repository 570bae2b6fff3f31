import { type Fit, type PixelConfig, type PreparedImage, prepareImage } from "@inctrl/clip";
import type { Raster } from "@inctrl/datasets";
import { type PixelFacts, pixelFacts } from "../drift/facts.js";
import type { ImageSize } from "./region.js";

/** How images are prepared: the pixels that a backbone takes, and how its window lies over an image. */
export interface ViewOptions {
  readonly pixels: PixelConfig;
  readonly fit: Fit;
}

/** An image as the model sees it. */
export interface PreparedViews extends Pick<Raster, "clipped"> {
  readonly views: PreparedImage[];
  readonly pixels: PixelFacts;
  /** The image's own size. */
  readonly of: ImageSize;
}

/** Prepares a decoded image. */
export function prepareViews(raster: Raster, { pixels, fit }: ViewOptions): PreparedViews {
  const { width, height, clipped } = raster;
  const views = prepareImage(raster, pixels, fit);
  const shown = clipped !== undefined && { clipped };
  return { views, of: { width, height }, pixels: pixelFacts(views), ...shown };
}
