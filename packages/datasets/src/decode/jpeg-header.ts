import type { ImageHeader } from "../raster.js";
import { checkSize, corrupt, type Limits, truncated, unsupported } from "./limits.js";
import { exifOrientation, type Orientation } from "./orientation.js";

/** Markers that stand alone, without a length: RST0 to RST7, SOI and TEM. */
const ALONE = (marker: number): boolean => (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;
/** Frames of Huffman-coded DCT: baseline, extended and progressive. */
const READ = [0xc0, 0xc1, 0xc2];
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const [START_OF_SCAN, END, APP1] = [0xda, 0xd9, 0xe1];

/**
 * Size, mode and orientation of a JPEG by its segments.
 *
 * @throws ImageError `unsupported` for other depths than 8 bits, CMYK, and lossless or arithmetic coding; `truncated` where no frame
 * follows.
 */
export function jpegHeader(
  bytes: Uint8Array,
  limits: Limits,
): ImageHeader & { readonly orientation: Orientation } {
  const { label } = limits;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation: Orientation = 1;
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) throw corrupt(label, "JPEG whose segments do not follow each other");
    const marker = bytes[at + 1];
    if (marker === 0xff || ALONE(marker)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === START_OF_SCAN || marker === END) throw corrupt(label, "JPEG without a frame header");
    const length = view.getUint16(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (length < 2 || body.length < length - 2) break;
    if (marker === APP1 && String.fromCharCode(...body.subarray(0, 4)) === "Exif")
      orientation = exifOrientation(body);
    if (isFrame(marker)) return { ...frame(marker, body, limits), orientation };
    at += 2 + length;
  }
  throw truncated(label, "JPEG ends before its frame header");
}

function frame(marker: number, body: Uint8Array, limits: Limits): ImageHeader {
  const [bits, heightHigh, heightLow, widthHigh, widthLow, components] = body;
  if (!READ.includes(marker)) throw unsupported(limits.label, "lossless or arithmetic JPEG");
  if (body.length < 6) throw corrupt(limits.label, "JPEG with a short frame header");
  if (bits !== 8) throw unsupported(limits.label, `JPEG of ${bits} bits`);
  if (components !== 1 && components !== 3)
    throw unsupported(limits.label, `JPEG of ${components} colours (CMYK)`);
  const [width, height] = [(widthHigh << 8) | widthLow, (heightHigh << 8) | heightLow];
  checkSize(width, height, limits, components);
  return { format: "jpeg", width, height, mode: components === 1 ? "L" : "RGB", depth: 8 };
}
