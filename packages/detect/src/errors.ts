/** Stable reasons this package refuses something; messages may change, these do not. */
export type InctrlErrorCode =
  | "backbone"
  | "bank"
  | "heads"
  | "shots"
  | "text"
  | "views"
  | "parity"
  | "training"
  | "evaluation";

/**
 * Bad input to InCTRL, with a stable `code` and a one-line message that says how to mend it.
 *
 * @example
 * try { await PromptBank.load(path, backbone) } catch (e) {
 *   if (e instanceof InctrlError && e.code === "bank") console.error(e.message)
 * }
 */
export class InctrlError extends Error {
  readonly code: InctrlErrorCode;

  constructor(code: InctrlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InctrlError";
    this.code = code;
  }
}
