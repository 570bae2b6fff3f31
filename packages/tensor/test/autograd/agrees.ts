import * as assert from "uvu/assert";
import { type Device, describeGradcheck, gradcheck, type Shape, type Tensor } from "../../src/index.js";
import { sizeOf } from "../../src/shape.js";
import { generator } from "../support.js";

function inputOf(shape: Shape, seed: number, low = -1.5, high = 1.5) {
  const next = generator(seed);
  return { shape, values: Array.from({ length: sizeOf(shape) }, () => low + (high - low) * next()) };
}

/** Asserts that an op's gradients by inputs of these shapes agree with differences of the float64 reference. */
export async function agrees(
  device: Device,
  f: (...xs: Tensor[]) => Tensor,
  shapes: Shape[],
  reference: (...xs: Float64Array[]) => ArrayLike<number>,
  tolerance = 1e-4,
): Promise<void> {
  const inputs = shapes.map((shape, i) => inputOf(shape, 7 * i + sizeOf(shape)));
  const report = await gradcheck(device, f, inputs, { reference, tolerance });
  assert.ok(report.ok, describeGradcheck(report));
}

/** Applies a function to each row of n values. */
export const rowwise = (x: Float64Array, n: number, f: (row: number[]) => number[]): number[] =>
  Array.from({ length: x.length / n }, (_, i) => f([...x.subarray(i * n, (i + 1) * n)])).flat();

export const softmaxRow = (row: number[]): number[] => {
  const e = row.map((v) => Math.exp(v - Math.max(...row)));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / total);
};
