import { zeros } from "../create.js";
import { check } from "../errors.js";
import { formatShape, normalizeAxis, type Shape, sameShape, sizeOf, stridesOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { copied, place } from "./copy.js";
import { defineOp, type Op } from "./define.js";
import { generate, valueAt } from "./reference.js";

/* Views, and ops that move values about by strides. */

/** An op that gives the same values under another shape, without a copy. */
/* @__NO_SIDE_EFFECTS__ */
const view = <A extends unknown[]>(
  name: string,
  shapeOf: (x: Tensor, ...rest: A) => Shape,
): Op<[x: Tensor, ...rest: A]> =>
  defineOp(name, {
    check: (x: Tensor, ...rest: A) => ({ x, shape: shapeOf(x, ...rest) }),
    takes: {},
    forward: ({ x, shape }) => x.view(shape),
    vjp: { x: ({ g, shapes }) => g.view(shapes.x) },
    reference: ({ x }) => x.values,
  });

/**
 * The same values under another shape; one size may be -1 and is worked out. No copy.
 *
 * @example reshape(x, [2, -1]);
 */
export const reshape = view("reshape", (x, shape: Shape) => {
  const unknown = shape.filter((d) => d === -1).length;
  check(unknown <= 1, "shape", () => `reshape: ${formatShape(shape)} has -1 more than once`);
  if (unknown === 0) return shape;
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  check(
    known > 0 && x.size % known === 0,
    "shape",
    () => `reshape: ${formatShape(x.shape)} (${x.size} values) does not divide into ${formatShape(shape)}`,
  );
  return shape.map((d) => (d === -1 ? x.size / known : d));
});

/** Adds an axis of size one. @example unsqueeze(x, -1); // [3] gives [3, 1] */
export const unsqueeze = view("unsqueeze", (x, axis: number) => {
  const at = normalizeAxis("unsqueeze", axis, x.rank + 1);
  return [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
});

/** Drops axes of size one: all of them, or the one named. @example squeeze(x, 0); // [1, 3] gives [3] */
export const squeeze = view("squeeze", (x, axis?: number) => {
  if (axis === undefined) return x.shape.filter((d) => d !== 1);
  const at = normalizeAxis("squeeze", axis, x.rank);
  check(x.shape[at] === 1, "shape", () => `squeeze: axis ${axis} of ${formatShape(x.shape)} is not 1`);
  return x.shape.filter((_, i) => i !== at);
});

/** An op that reorders axes. */
/* @__NO_SIDE_EFFECTS__ */
const reorder = <A extends unknown[]>(
  name: string,
  orderOf: (x: Tensor, ...rest: A) => readonly number[],
): Op<[x: Tensor, ...rest: A]> =>
  defineOp(name, {
    check: (x: Tensor, ...rest: A) => ({ x, order: orderOf(x, ...rest) }),
    takes: {},
    forward: ({ x, order }) => reordered(x, order),
    vjp: {
      x: ({ g, order }) =>
        reordered(
          g,
          order.map((_, axis) => order.indexOf(axis)),
        ),
    },
    reference: ({ x, order }) =>
      generate(
        order.map((axis) => x.shape[axis]),
        (at) =>
          valueAt(
            x,
            order.map((_, axis) => at[order.indexOf(axis)]),
          ),
      ),
  });

function reordered(x: Tensor, order: readonly number[]): Tensor {
  const shape = order.map((axis) => x.shape[axis]);
  // Axes of size one can move without touching the values.
  const moved = order.filter((axis) => x.shape[axis] > 1);
  if (moved.every((axis, i) => i === 0 || axis > moved[i - 1])) return x.view(shape);
  const strides = stridesOf(x.shape);
  return copied(
    x,
    shape,
    order.map((axis) => strides[axis]),
  );
}

/**
 * Reorders the axes: axis i of the result is axis `order[i]` of `x`.
 *
 * @example permute(x, [0, 2, 1]); // swaps the last two of three axes
 */
export const permute = reorder("permute", (x, order: readonly number[]) => {
  const axes = order.map((axis) => normalizeAxis("permute", axis, x.rank));
  check(
    axes.length === x.rank && new Set(axes).size === x.rank,
    "shape",
    () => `permute: order ${formatShape(order)} must name each of the ${x.rank} axes once`,
  );
  return axes;
});

/** Swaps two axes, by default the last two. @example transpose(x); */
export const transpose = reorder("transpose", (x, axis1: number = -2, axis2: number = -1) => {
  const order = x.shape.map((_, i) => i);
  const [a, b] = [normalizeAxis("transpose", axis1, x.rank), normalizeAxis("transpose", axis2, x.rank)];
  [order[a], order[b]] = [order[b], order[a]];
  return order;
});

/** One axis of a slice: [start, end) or [start, end, step], or null for all of it; negatives count from the end. */
export type SliceRange = readonly [start: number, end: number, step?: number] | null;

/**
 * A part of a tensor, by ranges as Python's: clamped to the axis, negative values from its end, negative steps reverse.
 *
 * @example slice(x, [null, [1, 5]]); // columns 1 to 4
 */
export const slice: Op<[x: Tensor, ranges: readonly SliceRange[]]> = defineOp("slice", {
  check: (x: Tensor, ranges: readonly SliceRange[]) => {
    check(
      ranges.length <= x.rank,
      "shape",
      () => `slice: ${ranges.length} ranges for a tensor ${formatShape(x.shape)}`,
    );
    return { x, ...walkOf(x.shape, ranges) };
  },
  takes: {},
  forward: ({ x, shape, strides, offset }) =>
    sameShape(shape, x.shape) && strides.every((s) => s >= 0)
      ? x.view(shape)
      : copied(x, shape, strides, offset),
  vjp: {
    x: ({ g, shapes, strides, offset }) => {
      const out = zeros(g.device, shapes.x);
      place(g, out, strides, offset);
      return out;
    },
  },
  reference: ({ x, shape, strides, offset }) =>
    generate(shape, (at) => x.values[at.reduce((sum, c, axis) => sum + c * strides[axis], offset)]),
});

/** The shape that ranges take out of a shape, and where its values lie: at offset + sum(c * strides). */
function walkOf(
  from: Shape,
  ranges: readonly SliceRange[],
): { shape: number[]; strides: number[]; offset: number } {
  const strides = stridesOf(from);
  const shape: number[] = [];
  let offset = 0;
  for (const [axis, size] of from.entries()) {
    const [start, end, step = 1] = ranges[axis] ?? [0, size, 1];
    check(
      Number.isInteger(step) && step !== 0,
      "argument",
      () => `slice: step ${step} on axis ${axis} must be a whole number other than 0`,
    );
    const clamp = (v: number, low: number, high: number) =>
      Math.min(Math.max(v < 0 ? v + size : v, low), high);
    const first = step > 0 ? clamp(start, 0, size) : clamp(start, -1, size - 1);
    const past =
      step > 0 ? clamp(end, 0, size) : end === Number.NEGATIVE_INFINITY ? -1 : clamp(end, -1, size - 1);
    shape.push(Math.max(0, Math.ceil((past - first) / step)));
    offset += Math.max(0, first) * strides[axis];
    strides[axis] *= step;
  }
  return { shape, strides, offset: sizeOf(shape) === 0 ? 0 : offset };
}
