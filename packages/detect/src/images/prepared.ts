import { type Fit, type PixelConfig, type PreparedImage, planResize, prepareImage } from "@inctrl/clip";
import type { Raster } from "@inctrl/datasets";
import { type PixelFacts, pixelFacts, regionFacts } from "../drift/facts.js";
import type { ImageRegion, ImageSize } from "./region.js";

/** How images are prepared: the pixels that a backbone takes, and how its window lies over an image. */
export interface ViewOptions {
  readonly pixels: PixelConfig;
  readonly fit: Fit;
  /** Whether facts of its pixels are wanted. Default false. */
  readonly facts?: boolean;
  /** Which part of an image its facts are of. Default: all. */
  readonly region?: ImageRegion;
  /** Images up to so many bytes, decoded and in each step of their resizing, are left to a device to resize. Default 0: none. */
  readonly deviceBytes?: number;
}

/** An image as the model sees it. */
export interface PreparedViews extends Pick<Raster, "clipped"> {
  readonly views: PreparedImage[];
  /** Absent where they were not asked for. */
  readonly pixels?: PixelFacts;
  /** The image's own size. */
  readonly of: ImageSize;
}

/** A decoded image that is left to a device to resize. */
export interface Unresized {
  readonly raster: Raster;
}

/** Prepares a decoded image, as far as that is not the device's part. */
export function prepareViews(raster: Raster, options: ViewOptions): PreparedViews | Unresized {
  if (isForDevice(raster, options)) return { raster };
  const { pixels, fit, facts, region } = options;
  const { width, height, clipped } = raster;
  const views = prepareImage(raster, pixels, fit);
  const shown = clipped !== undefined && { clipped };
  const of = { width, height };
  return { views, of, ...(facts && { pixels: factsOfViews(views, { region, of }) }), ...shown };
}

/** Bytes of a pixel on the device between and after the two directions of resizing. */
const PIXEL_BYTES = 4;

function isForDevice(raster: Raster, { pixels, fit, deviceBytes = 0 }: ViewOptions): boolean {
  if (raster.data.byteLength > deviceBytes) return false;
  const plan = planResize(raster, pixels, fit);
  if (!plan) return false;
  const bytes = plan.windows.map(({ width, down: { starts, counts } }) => {
    const rows = starts[starts.length - 1] + counts[counts.length - 1] - starts[0];
    return PIXEL_BYTES * width * Math.max(rows, starts.length);
  });
  // The views of one image are held together.
  return bytes.reduce((sum, each) => sum + each, 0) <= deviceBytes;
}

/** The facts of an image's views, inside the region where there is one. */
export const factsOfViews = (
  views: Parameters<typeof regionFacts>[0],
  { region, of }: Pick<ViewOptions, "region"> & { readonly of: ImageSize },
): PixelFacts => (region ? regionFacts(views, { region, of }) : pixelFacts(views));
