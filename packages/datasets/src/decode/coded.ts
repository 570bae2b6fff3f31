import type { Sharp, SharpOptions } from "sharp";
import { ImageError } from "../errors.js";
import type { ImageHeader, Raster, RasterMode } from "../raster.js";
import { checkSize, corrupt, type Limits, truncated, unsupported } from "./limits.js";
import type { ImageFormat } from "./sniff.js";

// JPEG, WebP, TIFF and GIF go through sharp, whose JPEG decoder (libjpeg-turbo) is bit-exact to Pillow's.

interface CodedHeader extends ImageHeader {
  readonly space: string;
  readonly wide: boolean;
}

/** Loads sharp at first use, since PNG and BMP do not need it. */
async function open(source: string | Uint8Array, format: ImageFormat): Promise<Sharp> {
  const { default: sharp } = await import("sharp");
  const options: SharpOptions = {
    // Pillow's rules: broken data are refused, warnings are not, and profiles are ignored. The orientation tag is followed in
    // TIFF, where it belongs to the format, and ignored in the EXIF of other formats.
    failOn: "error",
    ignoreIcc: true,
    autoOrient: format === "tiff",
    pages: 1,
    // checkSize runs first and has the better message.
    limitInputPixels: false,
  };
  return sharp(source, options);
}

/** Size and mode of a JPEG, WebP, TIFF or GIF by its header. */
export async function codedHeader(
  source: string | Uint8Array,
  format: ImageFormat,
  limits: Limits,
): Promise<CodedHeader> {
  try {
    const meta = await (await open(source, format)).metadata();
    const { space, depth, channels } = meta;
    const { width, height } = format === "tiff" ? meta.autoOrient : meta;
    checkSize(width, height, limits);
    if (depth !== "uchar" && depth !== "ushort")
      throw unsupported(limits.label, `${format} of ${depth} samples`);
    const gray = space === "b-w" || space === "grey16";
    if (!gray && !["srgb", "rgb16", "cmyk"].includes(space)) {
      throw unsupported(limits.label, `${format} in colour space ${space}`);
    }
    const alpha = space !== "cmyk" && meta.hasAlpha && channels === (gray ? 2 : 4);
    const mode: RasterMode = gray ? (alpha ? "LA" : "L") : alpha ? "RGBA" : "RGB";
    return { format, width, height, mode, space, wide: depth === "ushort" };
  } catch (error) {
    throw toImageError(error, format, limits.label);
  }
}

/**
 * Decodes the first frame of a JPEG, WebP, TIFF or GIF. Gray stays gray, CMYK becomes RGB by Pillow's formula, 16 bits are cut to
 * the high byte, and colour profiles and EXIF orientation are ignored (a TIFF's orientation is followed). Deviation from Pillow: a
 * GIF frame or a TIFF of few colours becomes full colours or gray instead of palette indices or bilevel.
 */
export async function decodeCoded(bytes: Uint8Array, format: ImageFormat, limits: Limits): Promise<Raster> {
  const { width, height, mode, space, wide } = await codedHeader(bytes, format, limits);
  try {
    let image = (await open(bytes, format)).toColourspace(space);
    if (space === "cmyk") image = image.pipelineColourspace("cmyk");
    const { data, info } = await image
      .raw({ depth: wide ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.width !== width || info.height !== height) {
      throw corrupt(limits.label, `${format} whose header and pixels differ in size`);
    }
    const eight = wide ? highBytes(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const colours = space === "cmyk" ? cmykToRgb(eight, info.channels) : eight;
    return { width, height, mode, data: colours };
  } catch (error) {
    throw toImageError(error, format, limits.label);
  }
}

/** The high bytes of little-endian 16-bit samples. */
function highBytes(data: Uint8Array): Uint8Array {
  const high = new Uint8Array(data.length / 2);
  for (let i = 0; i < high.length; i++) high[i] = data[2 * i + 1];
  return high;
}

/** Pillow's naive conversion: 255 - K - C (255 - K) / 255, rounded, clipped at 0. */
function cmykToRgb(data: Uint8Array, stride: number): Uint8Array {
  const rgb = new Uint8Array((data.length / stride) * 3);
  for (let from = 0, to = 0; from < data.length; from += stride) {
    const light = 255 - data[from + 3];
    for (let c = 0; c < 3; c++) {
      rgb[to++] = Math.max(0, light - Math.round((data[from + c] * light) / 255));
    }
  }
  return rgb;
}

function toImageError(error: unknown, format: ImageFormat, label: string): ImageError {
  if (error instanceof ImageError) return error;
  const first = String((error as Error).message).split("\n")[0];
  if (/premature end|truncat|unexpected end|end of file|read gave|out of data/i.test(first)) {
    return truncated(label, `${format} cut off (${first})`);
  }
  return corrupt(label, `${format} cannot be decoded (${first})`);
}
