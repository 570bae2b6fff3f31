import { throwsCode as throwsCodeOf } from "@inctrl/testing/tensor";
import * as assert from "uvu/assert";
import {
  type DataOf,
  type Device,
  type DType,
  type KernelFamily,
  openDevice,
  type Shape,
  scope,
  sizeOf,
  type Tensor,
  TensorError,
} from "../src/index.js";
import { coordinatesOf, flatIndex } from "../src/ops/reference.js";

export { deviceTests, generator, noLeaks, random } from "@inctrl/testing/tensor";
export { flatIndex } from "../src/ops/reference.js";

/** Every way heavy kernels share out their work; a test of such a kernel runs on all. */
export const FAMILIES: readonly KernelFamily[] = ["subgroup", "register", "workgroup"];

/** Opens a device for one function and closes it. */
export async function withDevice(
  run: (device: Device) => unknown,
  options: Parameters<typeof openDevice>[0] = {},
): Promise<void> {
  const device = await openDevice(options);
  try {
    await run(device);
  } finally {
    device.close();
  }
}

/** The values of the tensor a function makes; it and all it was made from inside are freed. */
export async function valuesOf<D extends DType>(make: () => Tensor<D>): Promise<DataOf<D>> {
  const made = scope(make);
  try {
    return await made.data();
  } finally {
    made.dispose();
  }
}

/** How far a value may be off: at most `abs` + `rel` * |want|. A number is `abs`. */
export type Tolerance = number | { abs?: number; rel?: number };

/** Asserts equal lengths and values within the tolerance; NaN only equals NaN, an infinity only itself. */
export function close(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: Tolerance,
  label = "",
): void {
  const { abs = 0, rel = 0 } = typeof tolerance === "number" ? { abs: tolerance } : tolerance;
  const name = label && `${label}: `;
  assert.is(got.length, want.length, `${name}${got.length} values, want ${want.length}`);
  let first = -1;
  let wrong = 0;
  let worst = -1;
  let worstError = -1;
  for (let i = 0; i < want.length; i++) {
    const same = got[i] === want[i] || (Number.isNaN(got[i]) && Number.isNaN(want[i]));
    const difference = Math.abs(got[i] - want[i]);
    const error = same ? 0 : Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY;
    if (error > worstError) {
      worst = i;
      worstError = error;
    }
    if (!same && !(difference <= abs + rel * Math.abs(want[i]) && Number.isFinite(want[i]))) {
      wrong++;
      if (first < 0) first = i;
    }
  }
  if (wrong === 0) return;
  const at = (i: number) => `[${i}] got ${got[i]}, want ${want[i]}`;
  assert.unreachable(
    `${name}${wrong} of ${want.length} values off by more than abs ${abs} + rel ${rel}: first ${at(first)}; ` +
      `max error ${worstError} at ${at(worst)}`,
  );
}

/** Asserts that a function throws (or rejects with) a one-line TensorError of a code whose text matches. */
export const throwsCode = (run: () => unknown, code: string, text: RegExp): Promise<void> =>
  throwsCodeOf(run, code, text, TensorError);

/** The coordinates of every value of a shape, in order. */
export const coordinates = (shape: Shape): number[][] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => coordinatesOf(i, shape));

/** Values grouped into the rows that a reduction over axes makes one value of, and the row of each. */
export function rowsOver(values: ArrayLike<number>, shape: Shape, axes: readonly number[]) {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const rows = Array.from({ length: sizeOf(kept) }, (): number[] => []);
  const rowOf = coordinates(shape).map((at) => flatIndex(at, kept));
  for (const [i, row] of rowOf.entries()) rows[row].push(values[i]);
  return { rows, rowOf };
}
