import { CodedError } from "../coded-error.js";

/** Stable codes of `TensorFileError`. Compare these; messages may change. */
export type TensorFileCode =
  | "not-found"
  | "not-a-file"
  | "too-large"
  | "io"
  | "truncated"
  | "header"
  | "dtype"
  | "shape"
  | "offsets"
  | "duplicate"
  | "unsupported"
  | "no-tensor"
  | "closed"
  | "write"
  | "locked";

/**
 * A tensor file that cannot be read or written, with a stable `code` and a one-line message.
 *
 * @example
 * try { await openSafetensors("cut.safetensors") } catch (e) {
 *   if (e instanceof TensorFileError && e.code === "truncated") console.error(e.message)
 * }
 */
export class TensorFileError extends CodedError<TensorFileCode> {
  override readonly name = "TensorFileError";
}

/** A name or value from a file as it stands in messages: quoted, on one line, at most 120 characters; of lists and objects no more than that. */
export function quoted(name: unknown): string {
  // A list may nest deeper than the stack of whoever walks it.
  if (typeof name === "object" && name !== null) return Array.isArray(name) ? "[...]" : "{...}";
  const text = typeof name === "string" ? JSON.stringify(name) : String(name);
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}
