/** Some places of a result with the expected values. */
export interface Check {
  /** Values of the whole result. */
  size: number;
  at: Uint32Array;
  want: Float64Array;
  /** Largest allowed error, as a share of the largest expected value. */
  tolerance: number;
}

/** Values compared of each result. Plain loops in double precision for all values would take longer than the measurements. */
const PLACES = 600;

/** Places spread over a result of `size` values. */
export function placesIn(size: number, places = PLACES): Uint32Array {
  const count = Math.min(places, size);
  return Uint32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.37) * size) / count));
}

/** Places spread over a result of `size` values, each with its value from a plain loop. */
export function sampled(
  size: number,
  value: (at: number) => number,
  { tolerance = 1e-4, places = PLACES }: { tolerance?: number; places?: number } = {},
): Check {
  const at = placesIn(size, places);
  return { size, at, want: Float64Array.from(at, value), tolerance };
}

/** The dot product of `count` values of `a` and `b`, in double precision. Each is given by its start; those of `b` lie `stride` apart. */
export function dot(
  count: number,
  [a, aStart]: readonly [Float32Array, number],
  [b, bStart]: readonly [Float32Array, number],
  stride = 1,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[aStart + i] * b[bStart + i * stride];
  return sum;
}

/** Describes the largest error beyond the tolerance; undefined where there is none. */
export function difference({ at, want, tolerance }: Check, got: ArrayLike<number>): string | undefined {
  // A NaN is an error beyond any tolerance.
  const errors = want
    .map((value, i) => Math.abs(got[i] - value))
    .map((e) => (Number.isNaN(e) ? Infinity : e));
  const worst = errors.indexOf(errors.reduce((most, e) => Math.max(most, e)));
  const scale = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  if (errors[worst] <= tolerance * scale) return undefined;
  return `wrong: value ${at[worst]} is ${got[worst]} and must be ${want[worst].toPrecision(8)}`;
}
