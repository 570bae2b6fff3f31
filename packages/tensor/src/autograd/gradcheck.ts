import { tensor } from "../create.js";
import type { Device } from "../device/device.js";
import { mul } from "../ops/elementwise.js";
import { sum } from "../ops/sum.js";
import { scope } from "../scope.js";
import { formatShape, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { valueAndGrad } from "./grad.js";

/** Values of one input, row-major, in float64. */
export interface CheckedInput {
  shape: Shape;
  values: readonly number[] | Float64Array;
}

export interface GradcheckOptions {
  /** The same function in float64 on the host, from the inputs' values to the result's. */
  reference: (...inputs: Float64Array[]) => ArrayLike<number>;
  /** Largest difference, relative to the largest gradient of the input (at least 1). Default 1e-4. */
  tolerance?: number;
  /** Step of the central differences. Default 1e-5. */
  step?: number;
}

/** For each input, the gradient that differs most between the tape and the differences. */
export interface GradcheckReport {
  ok: boolean;
  inputs: { shape: Shape; maxError: number; at: number; got: number; want: number }[];
}

/**
 * Compares an op's gradients with central differences of a float64 reference on the host. The result is weighted with fixed
 * uneven numbers before it is summed, so that errors of two values cannot cancel.
 *
 * @example
 * const { ok } = await gradcheck(device, (x) => square(x), [{ shape: [2], values: [1, 3] }], {
 *   reference: (x) => x.map((v) => v * v),
 * });
 */
export async function gradcheck(
  device: Device,
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly CheckedInput[],
  { reference, tolerance = 1e-4, step = 1e-5 }: GradcheckOptions,
): Promise<GradcheckReport> {
  const given = inputs.map(({ values }) => Float64Array.from(values));
  const gradients = scope(() => {
    const tensors = inputs.map(({ shape }, i) => tensor(device, Float32Array.from(given[i]), shape));
    const weighted = (parameters: readonly Tensor[]) => {
      const made = f(...parameters);
      const weights = Float32Array.from({ length: made.size }, (_, i) => weightOf(i));
      return sum(mul(made, tensor(device, weights, made.shape)));
    };
    return valueAndGrad(weighted)(tensors).gradients;
  });
  const total = (values: Float64Array[]): number => {
    const made = reference(...values);
    let sum = 0;
    for (let i = 0; i < made.length; i++) sum += made[i] * Math.fround(weightOf(i));
    return sum;
  };
  const report: GradcheckReport = { ok: true, inputs: [] };
  for (const [n, gradient] of gradients.entries()) {
    const got = await gradient.data();
    gradient.dispose();
    const want = given[n].map((v, i) => {
      // The tape differentiates at the input rounded to float32.
      const at = (value: number) => {
        const moved = given.map((values) => values.map(Math.fround));
        moved[n][i] = value;
        return total(moved);
      };
      return (at(Math.fround(v) + step) - at(Math.fround(v) - step)) / (2 * step);
    });
    const errors = want.map((v, i) => Math.abs(v - got[i]));
    const at = errors.reduce((worst, e, i) => (e > errors[worst] || Number.isNaN(e) ? i : worst), 0);
    const largest = want.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    const maxError = errors[at] ?? 0;
    if (!(maxError <= tolerance * largest)) report.ok = false;
    report.inputs.push({ shape: inputs[n].shape, maxError, at, got: got[at], want: want[at] });
  }
  return report;
}

const weightOf = (i: number): number => Math.sin(1 + 2.3 * i) + 0.1;

/** A report in one line, for a failing test. */
export const describeGradcheck = ({ inputs }: GradcheckReport): string =>
  inputs
    .map(
      ({ shape, maxError, at, got, want }, i) =>
        `input ${i} ${formatShape(shape)}: max error ${maxError} at [${at}], got ${got}, want ${want}`,
    )
    .join("; ");
