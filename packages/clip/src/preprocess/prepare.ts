import type { PreprocessConfig } from "../config/types.js";
import type { Filter } from "./filters.js";
import { type Fit, type Place, placesOf } from "./fit.js";
import { CHANNELS, checkRaster, premultiply, type RasterImage, toRgb, unpremultiply } from "./raster.js";
import { resizeFiltered, resizeNearest, resizeUnrounded, type Size, type Window } from "./resize.js";

/** The part of a `PreprocessConfig` that makes an image's pixels; all but the size may be absent. */
export type PixelConfig = Pick<PreprocessConfig, "size"> &
  Partial<
    Pick<
      PreprocessConfig,
      "interpolation" | "resize" | "rgbFirst" | "unrounded" | "multiple" | "tile" | "overlap"
    >
  >;

/** One input of the model, square but for fit `whole`, and its place in the image. */
export interface PreparedImage extends Pick<Place, "width" | "height" | "box"> {
  /** RGB before normalisation, [height, width, 3]: bytes, or values from 0 to 255 between them. */
  readonly pixels: Uint8Array | Float32Array;
}

/**
 * Brings an image to the model's size, bit-exact with Pillow and torchvision: resized in the file's own mode, cropped, then
 * converted to RGB, or converted first where the configuration says so. One result, or several in order for `fit: "tile"`.
 *
 * @throws ClipError `image`, `tiles`, or `config` for sizes that do not go together.
 *
 * @example
 * const [view] = prepareImage(raster, config.preprocess)
 * const input = normalizePixels(view.pixels, config.preprocess) // Float32Array (3, size, size)
 */
export function prepareImage(image: RasterImage, config: PixelConfig, fit: Fit = "crop"): PreparedImage[] {
  checkRaster(image);
  const { size, places } = placesOf(image, config, fit);
  const { rgbFirst, unrounded, interpolation = "bicubic" } = config;
  const source = rgbFirst || unrounded ? asRgb(image) : image;
  const pixelsOf = unrounded
    ? (window: Window) => resizeUnrounded({ ...source, channels: 3 }, size, window, interpolation)
    : rounded(source, size, interpolation);
  const isSized = fit === "tile" && config.tile !== undefined;
  return places.map(({ box, ...window }) => {
    const { width, height } = window;
    if (!isSized) return { width, height, pixels: pixelsOf(window), box };
    // Many tiles may take more memory than their image, and are resized one by one as they are looked at.
    return {
      ...{ width, height, box },
      get pixels() {
        return pixelsOf(window);
      },
    };
  });
}

const asRgb = ({ width, height, mode, data, palette }: RasterImage): RasterImage => ({
  ...{ width, height, mode: "RGB" },
  data: toRgb(mode, data, palette),
});

/** The bytes of a window, resized in the image's own mode. */
function rounded(image: RasterImage, size: Size, filter: Filter): (window: Window) => Uint8Array {
  const resize = resizer(image, size, filter);
  return (window) => toRgb(image.mode, resize(window), image.palette);
}

/** Resizing by Pillow's rules: nearest for indices and bits, the filter otherwise, with premultiplied alpha where there is any. */
function resizer(image: RasterImage, size: Size, filter: Filter): (window: Window) => Uint8Array {
  const { width, height, mode, data } = image;
  const channels = CHANNELS[mode];
  if (mode === "P" || mode === "1")
    return (window) => resizeNearest({ width, height, channels, data }, size, window);
  const same = width === size.width && height === size.height;
  if (same || (mode !== "LA" && mode !== "RGBA"))
    return (window) => resizeFiltered({ width, height, channels, data }, size, window, filter);
  const premultiplied = { width, height, channels, data: premultiply(data, channels) };
  return (window) => unpremultiply(resizeFiltered(premultiplied, size, window, filter), channels);
}

/** What each byte becomes when it is normalised, [3, 256]: (value / 255 - mean) / std, each step rounded to float32 as in PyTorch. */
export function normalTable({ mean, std }: Pick<PreprocessConfig, "mean" | "std">): Float32Array {
  const normal = [0, 1, 2].map((c) => normaliser(mean[c], std[c]));
  return Float32Array.from({ length: 3 * 256 }, (_, i) => normal[i >> 8](i & 255));
}

const normaliser = (mean: number, std: number) => {
  const [centre, spread] = [Math.fround(mean), Math.fround(std)];
  return (value: number) => Math.fround(Math.fround(value / 255) - centre) / spread;
};

/**
 * Normalises interleaved RGB bytes, or values from 0 to 255 between them, to float32 planes, [3, height, width], as `normalTable` says.
 *
 * @param out receives the planes, from `offset` on. Default: a new array.
 */
export function normalizePixels(
  pixels: Uint8Array | Float32Array,
  { mean, std }: Pick<PreprocessConfig, "mean" | "std">,
  out: Float32Array = new Float32Array(pixels.length),
  offset = 0,
): Float32Array {
  const count = pixels.length / 3;
  const tables = normalTable({ mean, std });
  for (let c = 0; c < 3; c++) {
    const table = tables.subarray(256 * c, 256 * (c + 1));
    const normal = normaliser(mean[c], std[c]);
    const plane = offset + c * count;
    if (pixels instanceof Float32Array)
      for (let i = 0; i < count; i++) out[plane + i] = normal(pixels[3 * i + c]);
    else for (let i = 0; i < count; i++) out[plane + i] = table[pixels[3 * i + c]];
  }
  return out;
}
