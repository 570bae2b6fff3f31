import { ImageError } from "../errors.js";

/** Limits of a decoder for one file, and the name its errors use. */
export interface Limits {
  readonly label: string;
  readonly maxPixels: number;
}

/** Refuses a declared size of 0 or of more than `maxPixels`, before anything is allocated. */
export function checkSize(width: number, height: number, limits: Limits): void {
  if (!(width > 0 && height > 0)) {
    throw new ImageError(
      "corrupt",
      limits.label,
      `its header says ${width} x ${height} pixels`,
      "export the image again",
    );
  }
  if (width * height > limits.maxPixels) {
    throw new ImageError(
      "too-large",
      limits.label,
      `its header says ${width} x ${height} pixels, above the limit of ${limits.maxPixels}`,
      "shrink it, or raise maxPixels",
    );
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
