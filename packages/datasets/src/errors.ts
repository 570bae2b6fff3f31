import { oneLine } from "./text.js";

/** Problems of a set of images. Codes are stable; messages are for people. */
export type DatasetErrorCode =
  | "missing"
  | "empty"
  | "not-a-folder"
  | "unreadable"
  | "too-few"
  | "bad-argument"
  | "bad-layout"
  | "disk-full"
  | "not-writable";

/** Problems of one image. */
export type ImageErrorCode =
  | "missing"
  | "unreadable"
  | "empty"
  | "too-large"
  | "not-an-image"
  | "unsupported"
  | "truncated"
  | "corrupt";

/**
 * A set of images that cannot be used, or a file that cannot be written.
 *
 * @example
 * new DatasetError("empty", "images/: no images in it; give a folder of .png or .jpg files").code; // "empty"
 */
export class DatasetError extends Error {
  override readonly name: string = "DatasetError";
  readonly code: DatasetErrorCode | ImageErrorCode;
  constructor(code: DatasetErrorCode | ImageErrorCode, message: string) {
    super(oneLine(message));
    this.code = code;
  }
}

/** An image that cannot be decoded. The message names the file, the problem and the remedy. */
export class ImageError extends DatasetError {
  override readonly name = "ImageError";
  declare readonly code: ImageErrorCode;
  constructor(code: ImageErrorCode, label: string, problem: string, mend: string) {
    super(code, `${label}: ${problem}; ${mend}`);
  }
}

/** The system's error code of `error`, such as `ENOENT`; "" when it has none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}
