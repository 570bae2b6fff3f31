import type { FixedTaps } from "@inctrl/tensor";
import { type Fit, type Place, placesOf } from "./fit.js";
import type { PixelConfig } from "./prepare.js";
import { CHANNELS, checkRaster, type RasterImage } from "./raster.js";
import { tapsOf } from "./resize.js";

/** A window of a resized image, and what its columns and rows are made of. */
export interface PlannedWindow extends Pick<Place, "width" | "height" | "box"> {
  readonly across: FixedTaps;
  readonly down: FixedTaps;
}

/** How `resizeBytes` of `@inctrl/tensor` makes the views of `prepareImage`. */
export interface ResizePlan {
  /** Bytes of a pixel. */
  readonly channels: number;
  /** Whether alpha weighs the colours. */
  readonly alpha: boolean;
  readonly windows: readonly PlannedWindow[];
}

/**
 * Plans how a device resizes an image, to the bytes of `prepareImage`: sums of whole numbers have no order, so that they are equal everywhere.
 *
 * @returns null where sums of whole numbers do not do it: for palettes and bits, whose nearest pixels are quickly taken, and for values between
 * bytes (`unrounded`), whose sums are in float64.
 * @throws ClipError as `prepareImage`.
 * @example
 * const { channels, alpha, windows } = planResize(raster, config.preprocess);
 * const { across, down } = windows[0];
 * const pixels = resizeBytes(packBytes(device, raster.data), { width: 640, height: 480, channels, alpha, across, down });
 */
export function planResize(image: RasterImage, config: PixelConfig, fit: Fit = "crop"): ResizePlan | null {
  checkRaster(image);
  const { mode, width, height } = image;
  const { rgbFirst, unrounded, interpolation = "bicubic" } = config;
  if (mode === "P" || mode === "1" || unrounded) return null;
  const { size, places } = placesOf(image, config, fit);
  const same = width === size.width && height === size.height;
  return {
    channels: CHANNELS[mode],
    alpha: (mode === "LA" || mode === "RGBA") && !rgbFirst && !same,
    windows: places.map(({ left, top, ...place }) => ({
      ...place,
      across: tapsOf(interpolation, width, size.width, left, place.width),
      down: tapsOf(interpolation, height, size.height, top, place.height),
    })),
  };
}
