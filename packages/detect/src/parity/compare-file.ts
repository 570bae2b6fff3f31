import type { Tensor, TensorFile } from "@inctrl/tensor";
import { compare, largestOf, type ParityCheck } from "./report.js";

/** Values that a program computed, as numbers on the host or on the device; null and absent where it computes none. */
export type Made = Record<string, Tensor | ArrayLike<number> | null | undefined>;

/**
 * How far a value may be from its counterpart: an absolute difference, or a share of the counterpart's largest. Whole numbers are equal,
 * but where the counterpart is the one that says that rounding decides.
 */
export type Tolerance =
  | { readonly absolute: number; readonly undecided?: number }
  | { readonly relative: number };

/** Tolerances of the values in a file, by name. */
export type Tolerances = Readonly<Record<string, Tolerance>>;

/**
 * Every value of a file that has a tolerance against what was made of it. Frees the tensors made.
 *
 * @param prefix of the checks' names.
 */
export async function compareFile(
  file: TensorFile,
  made: Made,
  tolerances: Tolerances,
  prefix = "",
): Promise<ParityCheck[]> {
  const checks: ParityCheck[] = [];
  try {
    for (const [key, tolerance] of Object.entries(tolerances)) {
      const name = prefix + key;
      const own = made[key];
      if (!own) {
        const reason = "not a value this program computes";
        checks.push({ name, maxAbs: null, tolerance: 0, ok: false, reason });
        continue;
      }
      const want = await file.readFloat32(key);
      const got = "dtype" in own ? await own.data() : own;
      const far = "absolute" in tolerance ? tolerance.absolute : tolerance.relative * largestOf(want);
      const open = "absolute" in tolerance ? tolerance.undecided : undefined;
      checks.push(compare(name, open === undefined ? got : decided(got, want, open), want, far));
    }
    return checks;
  } finally {
    for (const own of Object.values(made)) if (own && "dtype" in own) own.dispose();
  }
}

/** What was computed, where the counterpart says something of it. */
const decided = (got: ArrayLike<number>, want: Float32Array, open: number): number[] =>
  Array.from(got, (value, i) => (want[i] === open ? open : value));
