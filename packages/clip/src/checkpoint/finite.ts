import { quoted } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";

/** The largest value of float16. */
const MAX_HALF = 65504;

/**
 * Passes values on that are all finite numbers.
 *
 * @throws ClipError `values`, with the tensor's and the file's name, for a NaN or an infinity.
 */
export function requireFinite(values: Float32Array, path: string, name: string): Float32Array {
  // x * 0 is 0 for numbers alone. Four sums, since each addition waits for the one before it.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += values[i] * 0;
    b += values[i + 1] * 0;
    c += values[i + 2] * 0;
    d += values[i + 3] * 0;
  }
  for (let i = whole; i < values.length; i++) a += values[i] * 0;
  if (a + b + c + d === 0) return values;
  const at = values.findIndex((value) => !Number.isFinite(value));
  throw new ClipError(
    "values",
    `${path}: tensor ${quoted(name)} holds ${values[at]} at ${at} of ${values.length}; its training diverged or the file is spoilt: take another checkpoint`,
  );
}

/**
 * Passes values on that float16 can hold.
 *
 * @throws ClipError `values` for one above 65504, which would become infinite.
 */
export function requireHalf(values: Float32Array, path: string, name: string): Float32Array {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size > largest) largest = size;
  }
  if (largest <= MAX_HALF) return values;
  throw new ClipError(
    "values",
    `${path}: tensor ${quoted(name)} holds ${largest}, more than float16's ${MAX_HALF}; load it as float32`,
  );
}
