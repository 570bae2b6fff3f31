import { ImageError } from "../errors.js";

/** Limits of a decoder for one file, and the name its errors use. */
export interface Limits {
  readonly label: string;
  readonly maxPixels: number;
}

/** Bytes of a pixel that `maxPixels` reckons with: RGBA of 8 bits. Wider pixels count for more. */
const PIXEL_BYTES = 4;

/**
 * Refuses a declared size of 0 or of more than `maxPixels`, before anything is allocated.
 *
 * @param pixelBytes bytes that a decoded pixel takes.
 */
export function checkSize(width: number, height: number, limits: Limits, pixelBytes = PIXEL_BYTES): void {
  const { label, maxPixels } = limits;
  const problem = `its header says ${width} x ${height} pixels`;
  if (!(width > 0 && height > 0)) {
    throw new ImageError("corrupt", label, problem, "export the image again");
  }
  const most = Math.floor((maxPixels * PIXEL_BYTES) / Math.max(PIXEL_BYTES, pixelBytes));
  if (width * height > most) {
    const each = pixelBytes > PIXEL_BYTES ? ` of ${pixelBytes} bytes` : "";
    const beyond = `${problem}${each}, above the limit of ${most}`;
    throw new ImageError("too-large", label, beyond, "shrink it, or allow larger images");
  }
}

export function corrupt(label: string, problem: string): ImageError {
  return new ImageError("corrupt", label, problem, "export or download the image again");
}

export function truncated(label: string, problem: string): ImageError {
  return new ImageError("truncated", label, problem, "the file is cut off: copy or download it again");
}

export function unsupported(label: string, problem: string): ImageError {
  return new ImageError("unsupported", label, problem, "convert it to an ordinary PNG");
}
