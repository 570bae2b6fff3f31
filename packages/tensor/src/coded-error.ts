/**
 * An error with a stable `code` beside its message. Every package's own error class extends it.
 *
 * @example
 * class ShopError extends CodedError<"closed" | "empty"> {
 *   override readonly name = "ShopError";
 * }
 */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
