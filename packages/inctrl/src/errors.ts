import { CodedError } from "@inctrl/tensor";

/** Stable reasons this package refuses something; messages may change, these do not. */
export type InctrlErrorCode = "components" | "heads" | "parity" | "text" | "vocabulary";

/**
 * Bad input to InCTRL, its training or its parity checks, with a stable `code` and a one-line message that says how to mend it.
 *
 * @example
 * try { await Heads.load(path, device) } catch (error) {
 *   if (error instanceof InctrlError && error.code === "heads") console.error(error.message)
 * }
 */
export class InctrlError extends CodedError<InctrlErrorCode> {
  override readonly name = "InctrlError";
}
