import { CodedError } from "./coded-error.js";

/** Stable names of what can go wrong; compare these, not messages. */
export type TensorErrorCode =
  | "no-webgpu"
  | "no-adapter"
  | "no-device"
  | "device-lost"
  | "out-of-memory"
  | "gpu-validation"
  | "kernel"
  | "closed"
  | "disposed"
  | "shape"
  | "dtype"
  | "argument"
  | "limit"
  | "scope";

/**
 * Every error this library raises on purpose: a stable `code` and a one-line message that says what is
 * wrong and how to mend it. Checked before the GPU is touched wherever that is possible.
 *
 * @example
 * try { matmul(a, b); } catch (e) { if (e instanceof TensorError && e.code === "shape") console.error(e.message); }
 */
export class TensorError extends CodedError<TensorErrorCode> {
  override readonly name = "TensorError";
}

/** Throws a `TensorError` unless the condition holds; the message is only built when it is needed. */
export function check(condition: boolean, code: TensorErrorCode, message: () => string): asserts condition {
  if (!condition) throw new TensorError(code, message());
}

/** What a value is, for messages about wrong arguments: `undefined`, `a string`, `an object` or the name of its class. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  const name = Reflect.get(value, Symbol.toStringTag) ?? value.constructor?.name;
  return name && name !== "Object" ? name : "a plain object";
}
