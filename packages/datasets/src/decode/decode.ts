import { readPlainFile, TensorFileError } from "@inctrl/tensor/files";
import { ImageError, readError } from "../errors.js";
import type { ImageHeader, Raster } from "../raster.js";
import { bmpHeader, decodeBmp } from "./bmp.js";
import { codedHeader, decodeCoded } from "./coded.js";
import type { Limits } from "./limits.js";
import { decodePng, pngHeader } from "./png.js";
import { type ImageFormat, sniffFormat } from "./sniff.js";

export interface DecodeOptions {
  /**
   * The largest width x height, checked in the header before anything is allocated. Default 1e8, which is above any industrial
   * area camera, about where Pillow warns of a decompression bomb, and at most 400 MB of pixels.
   */
  readonly maxPixels?: number;
  /** The largest file, in bytes. Default 512 MiB, which fits an uncompressed image of `maxPixels`. */
  readonly maxBytes?: number;
  /** The name errors use. Default: the path as given, or "image" for bytes. */
  readonly label?: string;
}

const MAX_PIXELS = 1e8;
const MAX_BYTES = 2 ** 29;
/** Enough for the header and palette of a PNG or BMP, and to sniff any format. */
const HEADER_BYTES = 4096;

/**
 * Decodes a PNG, BMP, JPEG, WebP, TIFF or GIF (first frame) into 8-bit pixels of the file's own mode, as Pillow opens it: without
 * colour management or EXIF orientation. The content tells the format.
 *
 * @throws ImageError when the file is missing, no image, larger than the limits, cut off or damaged
 * @example
 * const { width, height, mode } = await decodeImage("part.png");
 */
export async function decodeImage(source: string | Uint8Array, options: DecodeOptions = {}): Promise<Raster> {
  const limits = limitsOf(source, options);
  const maxBytes = options.maxBytes ?? MAX_BYTES;
  const bytes = typeof source === "string" ? await readAtMost(source, maxBytes, limits.label, true) : source;
  const format = sniffFormat(bytes, limits.label);
  if (format === "png") return decodePng(bytes, limits);
  if (format === "bmp") return decodeBmp(bytes, limits);
  return decodeCoded(bytes, format, limits);
}

/**
 * Format, size and mode of an image, read from its header alone.
 *
 * @throws ImageError as `decodeImage`
 * @example
 * (await imageHeader("part.png")).format; // "png"
 */
export async function imageHeader(
  source: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<ImageHeader> {
  const limits = limitsOf(source, options);
  const bytes =
    typeof source === "string" ? await readAtMost(source, HEADER_BYTES, limits.label, false) : source;
  const found = sniffFormat(bytes, limits.label);
  const { format, width, height, mode } =
    found === "png"
      ? pngHeader(bytes, limits)
      : found === "bmp"
        ? bmpHeader(bytes, limits)
        : await codedHeader(source, found, limits);
  return { format, width, height, mode };
}

/**
 * The format of an image file by its first bytes.
 *
 * @throws ImageError saying what else it is
 */
export async function fileFormat(path: string): Promise<ImageFormat> {
  return sniffFormat(await readAtMost(path, 512, path, false), path);
}

function limitsOf(source: string | Uint8Array, options: DecodeOptions): Limits {
  const label = options.label ?? (typeof source === "string" ? source : "image");
  return { label, maxPixels: options.maxPixels ?? MAX_PIXELS };
}

/** Reads the first `limit` bytes of a plain file. With `whole`, a longer file is an error. */
async function readAtMost(path: string, limit: number, label: string, whole: boolean): Promise<Uint8Array> {
  try {
    return await readPlainFile(path, limit, whole ? "refuse" : "leave");
  } catch (error) {
    if (!(error instanceof TensorFileError) || error.code !== "too-large") throw readError(label, error);
    const problem = `the file has more than the ${limit} bytes that are read`;
    throw new ImageError("too-large", label, problem, "shrink it, or raise maxBytes");
  }
}
