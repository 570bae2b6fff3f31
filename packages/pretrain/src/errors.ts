import { CodedError } from "@inctrl/tensor";

/** Stable reasons that this package refuses something; messages may change, these do not. */
export type PretrainErrorCode = "batch" | "configuration" | "diverged" | "renderer" | "vocabulary";

/**
 * A pretraining that cannot begin or go on, with a stable `code` and a one-line message.
 *
 * @example
 * try { await trainer.step(batch) } catch (e) {
 *   if (e instanceof PretrainError && e.code === "diverged") console.error(e.message)
 * }
 */
export class PretrainError extends CodedError<PretrainErrorCode> {
  override readonly name = "PretrainError";
}
