import { around, type Shape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** A tensor on the host, as float64 references read it: values are row-major. */
export interface HostTensor {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/** A call whose tensors are on the host; a packed matrix stands for the matrix that it holds. */
export type Host<C> = { [K in keyof C]: HostOf<C[K]> };
type HostOf<V> = V extends Tensor | { tensors(): unknown }
  ? HostTensor
  : V extends readonly Tensor[]
    ? readonly HostTensor[]
    : V;

/** What a reference gives for a result: values in the result's order, or by name where there are several results. */
export type HostResult<R> = R extends Tensor
  ? ArrayLike<number>
  : { readonly [K in keyof R]: ArrayLike<number> };

/** The values of each row along an axis, changed by a function that keeps a row's length or changes all rows alike. */
export function alongAxis(
  { shape, values }: HostTensor,
  axis: number,
  change: (row: number[]) => ArrayLike<number>,
): number[] {
  const { outer, n, inner } = around(shape, axis);
  const out: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const row = Array.from({ length: n }, (_, k) => values[(o * n + k) * inner + i]);
      const changed = change(row);
      for (let k = 0; k < changed.length; k++) out[(o * changed.length + k) * inner + i] = changed[k];
    }
  }
  return out;
}

/** The coordinates of a flat index in a row-major shape. */
export function coordinatesOf(index: number, shape: Shape): number[] {
  const at = new Array<number>(shape.length);
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}

/** The flat index of coordinates in a row-major shape, which may be those of a shape that it broadcasts to. */
export function flatIndex(at: readonly number[], shape: Shape): number {
  const lead = at.length - shape.length;
  return shape.reduce((index, size, axis) => index * size + (size === 1 ? 0 : at[lead + axis]), 0);
}

/** A host tensor's value at coordinates, which may be those of a shape that it broadcasts to. */
export const valueAt = ({ shape, values }: HostTensor, at: readonly number[]): number =>
  values[flatIndex(at, shape)];

/** The values of a shape, each from its coordinates. */
export const generate = (shape: Shape, value: (at: number[]) => number): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => value(coordinatesOf(i, shape)));

/** The sum of a function over 0 to n - 1. */
export function total(n: number, value: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += value(i);
  return sum;
}

export const meanOf = (row: readonly number[]): number => row.reduce((a, b) => a + b, 0) / row.length;

/** Squared distances from the mean over n - `correction`; NaN where that is not above 0. */
export function varianceOf(row: readonly number[], correction = 0): number {
  const mean = meanOf(row);
  const squares = row.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return row.length > correction ? squares / (row.length - correction) : Number.NaN;
}
