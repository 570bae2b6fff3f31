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

/** Places spread over a result of `size` values, each with its value from a plain loop. */
export function sampled(
  size: number,
  value: (at: number) => number,
  { tolerance = 1e-4, places = PLACES }: { tolerance?: number; places?: number } = {},
): Check {
  const count = Math.min(places, size);
  const at = Uint32Array.from({ length: count }, (_, i) => Math.floor(((i + 0.37) * size) / count));
  return { size, at, want: Float64Array.from(at, value), tolerance };
}

/** Places spread over a result of `size` values, with the values that another library has there. */
export async function agreement(
  size: number,
  tolerance: number,
  values: (at: Uint32Array) => Promise<Float32Array | null>,
): Promise<Check | undefined> {
  const { at } = sampled(size, () => 0);
  const want = await values(at);
  return want ? { size, at, want: Float64Array.from(want), tolerance } : undefined;
}

/** Describes the largest error beyond the tolerance; undefined where there is none. */
export function difference({ at, want, tolerance }: Check, got: ArrayLike<number>): string | undefined {
  const scale = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  let worst = 0;
  for (let i = 1; i < want.length; i++) {
    const off = (index: number) => {
      const error = Math.abs(got[index] - want[index]);
      return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    };
    if (off(i) > off(worst)) worst = i;
  }
  const error = Math.abs(got[worst] - want[worst]);
  if (error <= tolerance * scale) return undefined;
  return `wrong: value ${at[worst]} is ${got[worst]} and must be ${want[worst].toPrecision(8)}`;
}
