import type { Sharp, SharpOptions } from "sharp";
import { ImageError } from "../errors.js";
import { type Depth, type ImageHeader, type RasterMode, SAMPLES, type Samples } from "../raster.js";
import { checkSize, corrupt, type Limits, truncated, unsupported } from "./limits.js";
import { type Orientation, orientationOf } from "./orientation.js";
import type { ImageFormat } from "./sniff.js";
import { checkTiffParts } from "./tiff-parts.js";

// JPEG, WebP and TIFF go through sharp, whose JPEG decoder (libjpeg-turbo) is bit-exact to Pillow's.

interface CodedHeader extends ImageHeader {
  readonly space: string;
  readonly orientation: Orientation;
}

/** The types of samples that are read, and their depth here. */
const DEPTHS: Readonly<Record<string, Depth>> = { uchar: 8, ushort: 16, float: 32, int: 32, uint: 32 };

const [GRAYS, COLOURS] = [
  ["b-w", "grey16"],
  ["srgb", "rgb16", "scrgb", "cmyk"],
];

/** Loads sharp at first use, since the other formats do not need it. */
async function open(source: string | Uint8Array, failOn: SharpOptions["failOn"] = "error"): Promise<Sharp> {
  const { default: sharp } = await import("sharp");
  const options: SharpOptions = {
    // Pillow's rules: broken data are refused, warnings are not, and profiles are ignored.
    failOn,
    ignoreIcc: true,
    pages: 1,
    // checkSize runs first and has the better message.
    limitInputPixels: false,
  };
  return sharp(source, options);
}

/** Size, mode and depth of a JPEG, WebP or TIFF by its header, and the orientation that its tags name. */
export async function codedHeader(
  source: string | Uint8Array,
  format: ImageFormat,
  limits: Limits,
): Promise<CodedHeader> {
  try {
    const meta = await (await open(source)).metadata();
    const { width, height, space, channels } = meta;
    const depth = DEPTHS[meta.depth];
    if (!depth) throw unsupported(limits.label, `${format} of ${meta.depth} samples`);
    checkSize(width, height, limits, (channels * depth) / 8);
    const gray = GRAYS.includes(space);
    if (!gray && !COLOURS.includes(space)) {
      throw unsupported(limits.label, `${format} in colour space ${space}`);
    }
    const alpha = space !== "cmyk" && meta.hasAlpha && channels === 4;
    const mode: RasterMode = gray ? "L" : alpha ? "RGBA" : "RGB";
    return { format, width, height, mode, depth, space, orientation: orientationOf(meta.orientation) };
  } catch (error) {
    throw toImageError(error, format, limits.label);
  }
}

/**
 * Decodes a JPEG, WebP or TIFF as it is stored. Gray stays gray, CMYK becomes RGB by Pillow's formula, and colour profiles are
 * ignored. Deviation from Pillow: a TIFF of few colours becomes full colours or gray instead of palette indices or bilevel.
 */
export async function decodeCoded(
  bytes: Uint8Array,
  format: ImageFormat,
  limits: Limits,
): Promise<{ samples: Samples; orientation: Orientation }> {
  const { width, height, mode, depth, space, orientation } = await codedHeader(bytes, format, limits);
  const tiled = format === "tiff" && checkTiffParts(bytes, limits.label) === "tiles";
  try {
    // Of a broken tile libvips only warns, and leaves it black.
    let image = (await open(bytes, tiled ? "warning" : "error")).toColourspace(space);
    if (space === "cmyk") image = image.pipelineColourspace("cmyk");
    const { data: raw, info } = await image
      .raw({ depth: depth === 8 ? "uchar" : depth === 16 ? "ushort" : "float" })
      .toBuffer({ resolveWithObject: true });
    const data = new ARRAYS[depth](raw.buffer, raw.byteOffset, (raw.byteLength * 8) / depth);
    const colours = space === "cmyk" ? cmykToRgb(data as Uint8Array, info.channels) : data;
    if (info.width !== width || info.height !== height || colours.length !== width * height * SAMPLES[mode]) {
      throw corrupt(limits.label, `${format} whose header and pixels differ in size`);
    }
    const top = depth === 8 ? 255 : depth === 16 ? 65535 : undefined;
    return { samples: { width, height, mode, data: colours, ...(top && { top }) }, orientation };
  } catch (error) {
    throw toImageError(error, format, limits.label);
  }
}

const ARRAYS = { 8: Uint8Array, 16: Uint16Array, 32: Float32Array } as const;

/** Pillow's naive conversion: 255 - K - C (255 - K) / 255, rounded, clipped at 0. */
export function cmykToRgb(data: Uint8Array, stride: number): Uint8Array {
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
  if (/not supported|not configured|out of range|unsupported tiff|not a whole number/.test(first))
    return unsupported(label, `${format} of a rare kind (${first})`);
  return corrupt(label, `${format} cannot be decoded (${first})`);
}
