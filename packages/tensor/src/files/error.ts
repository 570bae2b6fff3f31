/** Stable reasons a tensor file is refused; messages may change, these do not. */
export type TensorFileCode =
  | "not_found"
  | "io"
  | "truncated"
  | "header"
  | "dtype"
  | "shape"
  | "offsets"
  | "duplicate"
  | "unsupported"
  | "unsafe"
  | "too_large"
  | "no_tensor"
  | "closed"
  | "write";

/**
 * A tensor file that cannot be read or written, with a stable `code` and a one-line message.
 *
 * @example
 * try { await openSafetensors("cut.safetensors") } catch (e) {
 *   if (e instanceof TensorFileError && e.code === "truncated") console.error(e.message)
 * }
 */
export class TensorFileError extends Error {
  readonly code: TensorFileCode;

  constructor(code: TensorFileCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TensorFileError";
    this.code = code;
  }
}
