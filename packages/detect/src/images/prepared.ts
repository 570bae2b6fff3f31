import { type Fit, type PixelConfig, type PreparedImage, prepareImage } from "@inctrl/clip";
import type { Raster } from "@inctrl/datasets";

/** How images are prepared: the pixels that a backbone takes, and how its window lies over an image. */
export interface ViewOptions {
  readonly pixels: PixelConfig;
  readonly fit: Fit;
}

/** An image as the model sees it. */
export interface PreparedViews extends Pick<Raster, "clipped"> {
  readonly views: PreparedImage[];
}

/** Prepares a decoded image. */
export const prepareViews = (raster: Raster, { pixels, fit }: ViewOptions): PreparedViews => ({
  views: prepareImage(raster, pixels, fit),
  ...(raster.clipped !== undefined && { clipped: raster.clipped }),
});
