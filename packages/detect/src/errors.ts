import { CodedError } from "@inctrl/tensor";

/** Stable reasons this package refuses something; messages may change, these do not. */
export type DetectErrorCode =
  | "backbone"
  | "bank"
  | "blocks"
  | "cache"
  | "cache-limit"
  | "calibration"
  | "class-name"
  | "damaged"
  | "evaluation"
  | "few-shot"
  | "images"
  | "option"
  | "parity"
  | "positions"
  | "prompt"
  | "region"
  | "score"
  | "shots"
  | "text"
  | "views"
  | "vocabulary"
  | "window";

/**
 * Bad input to a detector or to what it stands on, with a stable `code` and a one-line message that says how to mend it.
 *
 * @example
 * try { await PromptBank.load(path, encoder) } catch (error) {
 *   if (error instanceof DetectError && error.code === "bank") console.error(error.message)
 * }
 */
export class DetectError extends CodedError<DetectErrorCode> {
  override readonly name = "DetectError";
}

/** The error of an image whose score or features are not finite. */
export const notFinite = (image: string, what: "score" | "features" = "score"): DetectError =>
  new DetectError("score", `${image}: the model gives no finite ${what}; check its weights`);
