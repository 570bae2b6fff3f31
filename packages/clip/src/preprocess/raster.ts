import { ClipError } from "../errors.js";

/** Decoded 8-bit pixels in the file's own mode (Pillow's names), rows from the top, channels interleaved. */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  /** "1" holds 0 and 255; "P" holds indices into `palette`. */
  readonly mode: "1" | "L" | "LA" | "P" | "RGB" | "RGBA";
  readonly data: Uint8Array;
  /** RGB triples, for mode "P". */
  readonly palette?: Uint8Array;
}

/** Bytes a pixel takes in each mode. */
export const CHANNELS: Readonly<Record<RasterImage["mode"], number>> = {
  "1": 1,
  L: 1,
  LA: 2,
  P: 1,
  RGB: 3,
  RGBA: 4,
};

/** @throws ClipError `image` unless the sizes, the mode and the data agree. */
export function checkRaster({ width, height, mode, data, palette }: RasterImage): void {
  if (!Object.hasOwn(CHANNELS, mode))
    throw new ClipError("image", `image: mode ${String(mode)} is not handled`);
  const whole = (size: number) => Number.isSafeInteger(size) && size > 0;
  if (!whole(width) || !whole(height) || data.length !== width * height * CHANNELS[mode])
    throw new ClipError(
      "image",
      `image: ${data.length} bytes are not ${width} x ${height} pixels of mode ${mode}`,
    );
  if (mode === "P" && palette === undefined) throw new ClipError("image", "image: mode P needs a palette");
}

/** Converts pixels to interleaved RGB: grey is repeated, alpha is dropped, indices are looked up (beyond: black). */
export function toRgb(mode: RasterImage["mode"], data: Uint8Array, palette?: Uint8Array): Uint8Array {
  if (mode === "RGB") return data;
  const channels = CHANNELS[mode];
  const count = data.length / channels;
  const out = new Uint8Array(3 * count);
  const [source, step] = mode === "P" ? [palette!, 1] : [data, channels >= 3 ? 1 : 0];
  for (let i = 0; i < count; i++) {
    const from = mode === "P" ? 3 * data[i] : i * channels;
    for (let c = 0; c < 3; c++) out[3 * i + c] = source[from + c * step];
  }
  return out;
}

/** Multiplies colours by each pixel's alpha, its last channel, rounded as in Pillow. */
export function premultiply(data: Uint8Array, channels: number): Uint8Array {
  const out = data.slice();
  for (let i = 0; i < out.length; i += channels) {
    const alpha = out[i + channels - 1];
    for (let c = 0; c < channels - 1; c++) {
      const product = out[i + c] * alpha + 128;
      out[i + c] = ((product >> 8) + product) >> 8;
    }
  }
  return out;
}

/** Reverts `premultiply` in place, truncated as in Pillow. */
export function unpremultiply(data: Uint8Array, channels: number): Uint8Array {
  for (let i = 0; i < data.length; i += channels) {
    const alpha = data[i + channels - 1];
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < channels - 1; c++)
      data[i + c] = Math.min(255, Math.trunc((255 * data[i + c]) / alpha));
  }
  return data;
}
