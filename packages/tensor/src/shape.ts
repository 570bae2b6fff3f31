import { check, kindOf } from "./errors.js";

export type Shape = readonly number[];

/** The largest rank any op takes. */
export const MAX_RANK = 6;

/** How many values a shape has. @example sizeOf([2, 3]); // 6 */
export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

/** Throws unless every size is a non-negative integer and the rank is at most 6. */
export function checkShape(where: string, shape: Shape): void {
  check(
    Array.isArray(shape),
    "argument",
    () => `${where}: the shape is ${kindOf(shape)}; give an array of sizes such as [2, 3]`,
  );
  check(
    shape.every((d) => Number.isSafeInteger(d) && d >= 0),
    "shape",
    () => `${where}: shape ${formatShape(shape)} must hold non-negative whole numbers`,
  );
  check(
    shape.length <= MAX_RANK,
    "shape",
    () => `${where}: rank ${shape.length} is above ${MAX_RANK}; merge axes with reshape`,
  );
}

/** Throws unless an operand, where it is given, has a shape. */
export function checkIs(where: string, x: { readonly shape: Shape } | null | undefined, shape: Shape): void {
  check(
    !x || sameShape(x.shape, shape),
    "shape",
    () => `${where} is ${formatShape(x?.shape ?? [])} and must be ${formatShape(shape)}`,
  );
}

/** Throws unless a value, or each of several, is a whole number in a range. */
export function checkWhole(where: string, values: number | Shape, least = 0, most = Infinity): void {
  check(
    [values].flat().every((value) => Number.isInteger(value) && value >= least && value <= most),
    "argument",
    () =>
      `${where} ${Array.isArray(values) ? formatShape(values) : values} must be ${Array.isArray(values) ? "whole numbers" : "a whole number"} ` +
      (most === Infinity ? `from ${least}` : `from ${least} to ${most}`),
  );
}

/** The same along both axes, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

/** Both numbers of a pair, which must be whole. */
export function checkPair(where: string, pair: Pair, least: number): readonly [number, number] {
  const both = typeof pair === "number" ? ([pair, pair] as const) : pair;
  check(both.length === 2, "argument", () => `${where} ${formatShape(both)} must be two whole numbers`);
  checkWhole(where, pair, least);
  return both;
}

/** A shape around an axis, seen as [outer, n, inner]. */
export const around = (shape: Shape, axis: number) => ({
  outer: sizeOf(shape.slice(0, axis)),
  n: shape[axis],
  inner: sizeOf(shape.slice(axis + 1)),
});

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/** NumPy's rule: align right, sizes equal or one of them 1. */
export function broadcastShapes(where: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    check(
      x === y || x === 1 || y === 1,
      "shape",
      () =>
        `${where}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: sizes ${x} and ${y} on axis ` +
        `${i - rank}; make them equal or one of them 1 (reshape)`,
    );
    out[i] = x === 1 ? y : x;
  }
  return out;
}

/** Strides that read a tensor of `shape` as if it had `target`'s shape: 0 where it is repeated. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const lead = target.length - shape.length;
  return target.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : own[i - lead]));
}

/** An axis counted from the front, from one that may be negative. */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  check(
    Number.isInteger(axis) && axis >= -rank && axis < rank,
    "shape",
    () => `${where}: axis ${axis} is outside a tensor of rank ${rank}; use ${-rank} to ${rank - 1}`,
  );
  return axis < 0 ? axis + rank : axis;
}
