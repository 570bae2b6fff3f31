/**
 * The mode of pixels, by Pillow's names: `1` bilevel as 0 or 255, `L` gray, `LA` gray and alpha, `P` indices into `palette`, `RGB`
 * and `RGBA`.
 */
export type RasterMode = "1" | "L" | "LA" | "P" | "RGB" | "RGBA";

/** A decoded image: 8 bits a sample, rows from the top, samples interleaved, in the file's own mode. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly mode: RasterMode;
  /** `width * height * samples` bytes. */
  readonly data: Uint8Array;
  /** For `P`: 256 RGB triples, black beyond the file's own palette, so that every index is in range. */
  readonly palette?: Uint8Array;
}

/** Size and mode of an image file, read from its first bytes. */
export interface ImageHeader extends Pick<Raster, "width" | "height" | "mode"> {
  readonly format: string;
}

/** Samples a pixel of each mode. */
export const SAMPLES: Readonly<Record<RasterMode, number>> = { "1": 1, L: 1, LA: 2, P: 1, RGB: 3, RGBA: 4 };

/**
 * The image as RGB, as Pillow's `convert("RGB")` makes it: alpha is dropped, not blended.
 *
 * @example
 * toRGB({ width: 1, height: 1, mode: "L", data: new Uint8Array([7]) }).data; // [7, 7, 7]
 */
export function toRGB(raster: Raster): Raster {
  if (raster.mode === "RGB") return raster;
  const { width, height, mode, data, palette } = raster;
  const samples = SAMPLES[mode];
  const rgb = new Uint8Array(width * height * 3);
  for (let p = 0, from = 0, to = 0; p < width * height; p++, from += samples, to += 3) {
    const source = mode === "P" ? palette! : data;
    const at = mode === "P" ? data[from] * 3 : from;
    const step = samples >= 3 || mode === "P" ? 1 : 0;
    rgb[to] = source[at];
    rgb[to + 1] = source[at + step];
    rgb[to + 2] = source[at + 2 * step];
  }
  return { width, height, mode: "RGB", data: rgb };
}
