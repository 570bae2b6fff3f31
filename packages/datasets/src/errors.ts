import { CodedError, TensorFileError } from "@inctrl/tensor/files";
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
  | "corrupt"
  | "depth"
  | "changed";

/**
 * A set of images that cannot be used.
 *
 * @example
 * new DatasetError("empty", "images/: no images in it; give a folder of .png or .jpg files").code; // "empty"
 */
export class DatasetError extends CodedError<DatasetErrorCode | ImageErrorCode> {
  override readonly name: string = "DatasetError";
  constructor(code: DatasetErrorCode | ImageErrorCode, message: string) {
    super(code, oneLine(message));
  }
}

/** A file that cannot be read, or an image that cannot be decoded. The message names the file, the problem and the remedy. */
export class ImageError extends DatasetError {
  override readonly name = "ImageError";
  declare readonly code: ImageErrorCode;
  /** What is wrong, without the file and the remedy. */
  readonly problem: string;
  readonly mend: string;
  constructor(code: ImageErrorCode, label: string, problem: string, mend: string) {
    super(code, `${label}: ${problem}; ${mend}`);
    this.problem = problem;
    this.mend = mend;
  }
}

/** The system's error code of `error`, such as `ENOENT`; "" when it has none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** The error for a file or folder that the system does not read. */
export function readError(path: string, thrown: unknown, what = "file"): ImageError {
  if (thrown instanceof TensorFileError && thrown.cause === undefined) {
    const [, problem, mend] = /.*: (.*?); (.*)$/s.exec(thrown.message)!;
    return new ImageError(thrown.code === "too-large" ? "too-large" : "not-an-image", path, problem, mend);
  }
  const error = thrown instanceof TensorFileError ? thrown.cause : thrown;
  const code = systemCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new ImageError("missing", path, `no such ${what}`, "check the path");
  }
  if (code === "EACCES" || code === "EPERM") {
    return new ImageError("unreadable", path, "no permission to read it", "change its permissions");
  }
  return new ImageError("unreadable", path, `cannot be read (${code || String(error)})`, "check the disk");
}
