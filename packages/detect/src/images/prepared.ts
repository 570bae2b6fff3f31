import { type Fit, type PixelConfig, type PreparedImage, prepareImage } from "@inctrl/clip";
import type { Raster } from "@inctrl/datasets";
import { type PixelFacts, pixelFacts, regionFacts } from "../drift/facts.js";
import type { ImageRegion, ImageSize } from "./region.js";

/** How images are prepared: the pixels that a backbone takes, and how its window lies over an image. */
export interface ViewOptions {
  readonly pixels: PixelConfig;
  readonly fit: Fit;
  /** Which part of an image its facts are of. Default: all. */
  readonly region?: ImageRegion;
}

/** An image as the model sees it. */
export interface PreparedViews extends Pick<Raster, "clipped"> {
  readonly views: PreparedImage[];
  readonly pixels: PixelFacts;
  /** The image's own size. */
  readonly of: ImageSize;
}

/** Prepares a decoded image. */
export function prepareViews(raster: Raster, { pixels, fit, region }: ViewOptions): PreparedViews {
  const { width, height, clipped } = raster;
  const views = prepareImage(raster, pixels, fit);
  const shown = clipped !== undefined && { clipped };
  const of = { width, height };
  const facts = region ? regionFacts(views, { region, of }) : pixelFacts(views);
  return { views, of, pixels: facts, ...shown };
}
