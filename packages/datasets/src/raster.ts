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
  /** Share of the colours' samples that lay outside the window they were shown through; absent where none did. */
  readonly clipped?: number;
}

/** Bits of a sample: 32 stands for floating point, and for integers that are signed or wider than 16 bits. */
export type Depth = 8 | 16 | 32;

/** An image with the samples that its file holds; indices and alpha too are of the data's type. */
export interface Samples extends Omit<Raster, "data"> {
  readonly data: Uint8Array | Uint16Array | Float32Array;
  /** The value of white; none where the file does not bound its values. */
  readonly top?: number;
}

/** Size, mode and depth of an image file, read from its first bytes. */
export interface ImageHeader extends Pick<Raster, "width" | "height" | "mode"> {
  readonly format: string;
  readonly depth: Depth;
}

/** The depth of decoded samples. */
export const depthOf = ({ data }: Pick<Samples, "data">): Depth =>
  data instanceof Uint8Array ? 8 : data instanceof Uint16Array ? 16 : 32;

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
