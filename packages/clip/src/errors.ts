import { CodedError } from "@inctrl/tensor";

/** Stable reasons for an error; messages may change, these do not. */
export type ClipErrorCode =
  | "config"
  | "unknown-model"
  | "file-format"
  | "unsafe-pickle"
  | "bad-pickle"
  | "bad-archive"
  | "too-large"
  | "layout"
  | "keys"
  | "shards"
  | "values"
  | "vocabulary"
  | "text"
  | "image"
  | "tiles";

/**
 * Bad input to CLIP (configuration, checkpoint, vocabulary, image), with a stable `code` and a one-line message.
 *
 * @example
 * try { findConfig("ViT-B-33") } catch (e) {
 *   if (e instanceof ClipError && e.code === "unknown-model") console.error(e.message)
 * }
 */
export class ClipError extends CodedError<ClipErrorCode> {
  override readonly name = "ClipError";
}
