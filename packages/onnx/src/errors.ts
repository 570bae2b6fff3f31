import { CodedError } from "@inctrl/tensor";

/** Stable reasons this package refuses something; messages may change, these do not. */
export type OnnxErrorCode = "method" | "size" | "runtime" | "different";

/**
 * What cannot be written as ONNX or run by onnxruntime, with a stable `code` and a one-line message that says how to mend it.
 *
 * @example
 * try { await scoringModel(scorer) } catch (error) {
 *   if (error instanceof OnnxError && error.code === "method") console.error(error.message)
 * }
 */
export class OnnxError extends CodedError<OnnxErrorCode> {
  override readonly name = "OnnxError";
}
