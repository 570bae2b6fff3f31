import * as assert from "uvu/assert";
import {
  type Device,
  describeGradcheck,
  gradcheck,
  type nn,
  type Shape,
  type Tensor,
} from "../../src/index.js";
import { sizeOf } from "../../src/shape.js";
import { generator } from "../support.js";

/** Seeded values in [-1, 1) as gradcheck takes them. */
export function inputOf(shape: Shape, seed: number) {
  const next = generator(seed);
  return { shape, values: Array.from({ length: sizeOf(shape) }, () => 2 * next() - 1) };
}

/** Gradcheck of a layer by its input and then its parameters, which the function under test puts in. */
export async function agrees(
  device: Device,
  layer: nn.Module,
  f: (x: Tensor) => Tensor,
  shape: Shape,
  reference: (x: Float64Array, ...parameters: Float64Array[]) => ArrayLike<number>,
  tolerance = 1e-4,
): Promise<void> {
  const parameters = layer.parameters();
  const inputs = [shape, ...parameters.map(({ value }) => value.shape)].map((s, i) => inputOf(s, 11 * i + 1));
  const report = await gradcheck(
    device,
    (x, ...values) => {
      for (const [i, parameter] of parameters.entries()) parameter.set(values[i]);
      return f(x);
    },
    inputs,
    { reference, tolerance },
  );
  assert.ok(report.ok, describeGradcheck(report));
}

/** x weight^T + bias in float64, [k] to [n]. */
export const linear = (
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  k: number,
  n: number,
): Float64Array =>
  Float64Array.from({ length: (x.length / k) * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let total = bias ? bias[j] : 0;
    for (let p = 0; p < k; p++) total += x[i * k + p] * weight[j * k + p];
    return total;
  });
