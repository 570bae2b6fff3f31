import { CodedError } from "@inctrl/tensor";

/** Stable reasons that this package refuses something; messages may change, these do not. */
export type BaselineErrorCode = "options" | "weights";

/**
 * A method that cannot be built or fitted, with a stable `code` and a one-line message.
 *
 * @example
 * try { padim(encoder, { epsilon: 0 }) } catch (e) {
 *   if (e instanceof BaselineError && e.code === "options") console.error(e.message)
 * }
 */
export class BaselineError extends CodedError<BaselineErrorCode> {
  override readonly name = "BaselineError";
}
