/** Float32 forward values and parameters, absolute, as golden/README states. */
export const TOLERANCE = 1e-4;
/** Values behind the temperature of 100, absolute. */
export const LOGIT_TOLERANCE = 1e-3;
/** Gradients, as a share of their tensor's largest. */
const GRADIENT_TOLERANCE = 1e-3;

/** One computed value held against its golden counterpart. */
export interface ParityCheck {
  name: string;
  /** Largest absolute difference (relative where the name says so); null where the check could not run. */
  maxAbs: number | null;
  tolerance: number;
  ok: boolean;
  reason?: string;
}

export interface ParityReport {
  ok: boolean;
  checks: ParityCheck[];
}

/** The largest absolute difference; infinite where lengths differ or a value is NaN on one side only. */
export function maxDifference(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const difference = Object.is(got[i], want[i]) ? 0 : Math.abs(got[i] - want[i]);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
  }
  return worst;
}

export function compare(
  name: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
): ParityCheck {
  const maxAbs = maxDifference(got, want);
  return { name, maxAbs, tolerance, ok: maxAbs <= tolerance };
}

export const largestOf = (values: Float32Array): number =>
  values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** A gradient held against the golden one, with a tolerance that is a share of its largest value. */
export const compareGradient = (name: string, got: Float32Array, want: Float32Array): ParityCheck =>
  compare(name, got, want, GRADIENT_TOLERANCE * largestOf(want));

export const report = (checks: ParityCheck[]): ParityReport => ({
  ok: checks.length > 0 && checks.every((check) => check.ok),
  checks,
});
