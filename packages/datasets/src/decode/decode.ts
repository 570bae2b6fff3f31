import { readPlainFile, TensorFileError } from "@inctrl/tensor/files";
import { ImageError, readError } from "../errors.js";
import { nearestFile } from "../folder/nearest.js";
import type { ImageHeader, Raster, Samples } from "../raster.js";
import { sha256 } from "../sha256.js";
import { bmpHeader, decodeBmp } from "./bmp.js";
import { codedHeader, decodeCoded } from "./coded.js";
import { decodeGif, gifHeader } from "./gif.js";
import { decodeJp2, jp2Header, jp2Orientation } from "./jp2.js";
import { corrupt, type Limits } from "./limits.js";
import { type Orientation, swapsAxes, upright } from "./orientation.js";
import { decodePng, pngHeader, pngOrientation } from "./png.js";
import { decodePnm, pnmHeader } from "./pnm.js";
import { type ImageFormat, sniffFormat } from "./sniff.js";
import { decodeTiff, tiffHeader, tiffOrientation } from "./tiff.js";
import { throughWindow, type Window } from "./window.js";

/** How a file becomes the picture that a model sees. */
export interface Reading {
  /** Whether the orientation in EXIF is followed. `ignore` is Pillow's way, which follows TIFF's own tag alone. Default `ignore`. */
  readonly orientation?: "follow" | "ignore";
  /** Which values become black and white. Default `full`. */
  readonly window?: Window;
  /**
   * The largest width x height, checked in the header before anything is allocated; pixels of more than 4 bytes count for more.
   * Default 1e8, which is above any industrial area camera, about where Pillow warns of a decompression bomb, and at most 400 MB of
   * pixels.
   */
  readonly maxPixels?: number;
  /** sha256 of the file, in hex, where no other bytes than those will do. */
  readonly sha256?: string;
}

export interface DecodeOptions extends Reading {
  /** The name errors use. Default: the path as given, or "image" for bytes. */
  readonly label?: string;
}

const MAX_PIXELS = 1e8;
/** The largest file: 512 MiB fit an uncompressed image of `MAX_PIXELS`; what fits more of them is read where more are allowed. */
const MAX_BYTES = 2 ** 29;
/** Enough for the header and palette of a PNG or BMP, and to sniff any format. */
const HEADER_BYTES = 4096;

/**
 * Decodes a PNG, BMP, JPEG, JPEG 2000, WebP, TIFF, GIF (first frame) or PNM into 8-bit pixels of the file's own mode, as Pillow opens it:
 * without colour management. The content tells the format. Wider samples are shown through the window.
 *
 * @throws ImageError when the file is missing, no image, larger than the limits, cut off, damaged, not the one of `sha256`, or of another depth
 * than the window is for
 * @example
 * const { width, height, mode } = await decodeImage("part.png", { orientation: "follow" });
 */
export async function decodeImage(source: string | Uint8Array, options: DecodeOptions = {}): Promise<Raster> {
  const samples = await decodeSamples(source, options);
  return throughWindow(samples, options.window ?? "full", limitsOf(source, options).label);
}

/**
 * Decodes an image as `decodeImage`, into the samples that the file holds: 8 bits, 16 bits, or floating point.
 *
 * @throws ImageError as `decodeImage`, and `corrupt` for samples that are not finite
 * @example
 * const { data } = await decodeSamples("part16.png"); // a Uint16Array
 */
export async function decodeSamples(
  source: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<Samples> {
  const limits = limitsOf(source, options);
  const bytes =
    typeof source === "string" ? await readAtMost(source, maxBytesOf(limits), limits.label, true) : source;
  if (options.sha256 !== undefined && options.sha256 !== sha256().update(bytes).hex()) {
    const mend = "run again when nothing writes to it";
    throw new ImageError("changed", limits.label, "its bytes changed while it was read", mend);
  }
  const format = sniffFormat(bytes, limits.label);
  const own = OWN[format];
  const { samples, orientation = 1 } = own
    ? { samples: await own.decode(bytes, limits), orientation: own.orientation?.(bytes) }
    : await decodeCoded(bytes, format, limits);
  if (samples.data instanceof Float32Array && !samples.data.every(Number.isFinite)) {
    throw corrupt(limits.label, "its samples are not all finite numbers");
  }
  return upright(samples, isFollowed(format, options) ? orientation : 1);
}

/** TIFF's tag belongs to the format; other formats have theirs in EXIF. */
const isFollowed = (format: ImageFormat, { orientation }: Reading): boolean =>
  format === "tiff" || orientation === "follow";

interface OwnFormat {
  /** Whether the header may lie anywhere in the file. */
  readonly anywhere?: boolean;
  header(bytes: Uint8Array, limits: Limits): ImageHeader | Promise<ImageHeader>;
  decode(bytes: Uint8Array, limits: Limits): Samples | Promise<Samples>;
  /** Reads the orientation from the whole file. */
  orientation?(bytes: Uint8Array): Orientation;
}

/** The formats that are not sharp's alone. */
const OWN: Partial<Record<ImageFormat, OwnFormat>> = {
  png: { header: pngHeader, decode: decodePng, orientation: pngOrientation },
  bmp: { header: bmpHeader, decode: decodeBmp },
  gif: { header: gifHeader, decode: decodeGif },
  pnm: { header: pnmHeader, decode: decodePnm },
  jp2: { anywhere: true, header: jp2Header, decode: decodeJp2, orientation: jp2Orientation },
  tiff: { anywhere: true, header: tiffHeader, decode: decodeTiff, orientation: tiffOrientation },
};

/**
 * Format, size, mode and depth of an image, read from its header alone; of a PNG whose orientation is followed, from the file.
 *
 * @throws ImageError as `decodeImage`
 * @example
 * (await imageHeader("part.png")).format; // "png"
 */
export async function imageHeader(
  source: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<ImageHeader & { readonly orientation: Orientation }> {
  const limits = limitsOf(source, options);
  const read = (most: number, whole: boolean) =>
    typeof source === "string" ? readAtMost(source, most, limits.label, whole) : source;
  const start = await read(HEADER_BYTES, false);
  const found = sniffFormat(start, limits.label);
  const own = OWN[found];
  const bytes = own?.anywhere ? await read(maxBytesOf(limits), true) : start;
  const header = own
    ? { ...(await own.header(bytes, limits)), orientation: undefined }
    : await codedHeader(source, found, limits);
  const { format, width, height, mode, depth } = header;
  const tagged = !isFollowed(found, options)
    ? 1
    : (header.orientation ?? own?.orientation?.(await read(maxBytesOf(limits), true)) ?? 1);
  const [across, down] = swapsAxes(tagged) ? [height, width] : [width, height];
  return { format, width: across, height: down, mode, depth, orientation: tagged };
}

/**
 * The format of an image file by its first bytes.
 *
 * @throws ImageError saying what else it is
 */
export async function fileFormat(path: string): Promise<ImageFormat> {
  return sniffFormat(await readAtMost(path, 512, path, false), path);
}

const maxBytesOf = ({ maxPixels }: Limits): number => Math.max(MAX_BYTES, 5 * maxPixels);

function limitsOf(source: string | Uint8Array, options: DecodeOptions): Limits {
  const label = options.label ?? (typeof source === "string" ? source : "image");
  return { label, maxPixels: options.maxPixels ?? MAX_PIXELS };
}

/** Reads the first `limit` bytes of a plain file. With `whole`, a longer file is an error. */
async function readAtMost(path: string, limit: number, label: string, whole: boolean): Promise<Uint8Array> {
  try {
    return await readPlainFile(path, limit, whole ? "refuse" : "leave");
  } catch (error) {
    if (!(error instanceof TensorFileError) || error.code !== "too-large") {
      const refused = readError(label, error);
      const near = refused.code === "missing" ? await nearestFile(path) : undefined;
      if (near === undefined) throw refused;
      const problem = `no such file, but ${JSON.stringify(near)} is in its folder`;
      throw new ImageError("missing", label, problem, "check the name, and the encoding of its letters");
    }
    const problem = `the file has more than the ${limit} bytes that are read`;
    throw new ImageError("too-large", label, problem, "shrink it, or allow larger images");
  }
}
