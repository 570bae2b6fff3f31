import { recorded } from "../autograd/record.js";
import { check } from "../errors.js";
import {
  broadcastShapes,
  broadcastStrides,
  formatShape,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from "../shape.js";
import type { Tensor } from "../tensor.js";
import { stridedCopy } from "./copy.js";

/** The same values under another shape, noted on the tape. */
const viewed = (x: Tensor, shape: Shape): Tensor => recorded("view", [x], undefined, () => x.view(shape));

/**
 * The same values under another shape; one size may be -1 and is worked out. No copy.
 *
 * @example reshape(x, [2, -1]);
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const unknown = shape.filter((d) => d === -1).length;
  check(unknown <= 1, "shape", () => `reshape: ${formatShape(shape)} has -1 more than once`);
  if (unknown === 0) return viewed(x, shape);
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  check(
    known > 0 && x.size % known === 0,
    "shape",
    () => `reshape: ${formatShape(x.shape)} (${x.size} values) does not divide into ${formatShape(shape)}`,
  );
  return viewed(
    x,
    shape.map((d) => (d === -1 ? x.size / known : d)),
  );
}

/**
 * Reorders the axes: axis i of the result is axis `order[i]` of `x`.
 *
 * @example permute(x, [0, 2, 1]); // swaps the last two of three axes
 */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  const axes = order.map((axis) => normalizeAxis("permute", axis, x.rank));
  check(
    axes.length === x.rank && new Set(axes).size === x.rank,
    "shape",
    () => `permute: order ${formatShape(order)} must name each of the ${x.rank} axes once`,
  );
  const shape = axes.map((axis) => x.shape[axis]);
  // Axes of size one can move without touching the values.
  const moved = axes.filter((axis) => x.shape[axis] > 1);
  if (moved.every((axis, i) => i === 0 || axis > moved[i - 1])) return viewed(x, shape);
  const strides = stridesOf(x.shape);
  return recorded("permute", [x], { order: axes }, () =>
    stridedCopy(
      x,
      shape,
      axes.map((axis) => strides[axis]),
    ),
  );
}

/** Swaps two axes, by default the last two. */
export function transpose(x: Tensor, axis1 = -2, axis2 = -1): Tensor {
  const order = x.shape.map((_, i) => i);
  const [a, b] = [normalizeAxis("transpose", axis1, x.rank), normalizeAxis("transpose", axis2, x.rank)];
  [order[a], order[b]] = [order[b], order[a]];
  return permute(x, order);
}

/** Repeats axes of size one (and adds leading ones) until the tensor has `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  const target = broadcastShapes("expand", x.shape, shape);
  check(
    sameShape(target, shape),
    "shape",
    () => `expand: ${formatShape(x.shape)} does not fit into ${formatShape(shape)}; only axes of size 1 grow`,
  );
  if (sizeOf(shape) === x.size) return viewed(x, shape);
  return recorded("expand", [x], undefined, () => stridedCopy(x, shape, broadcastStrides(x.shape, shape)));
}

/** One axis of a slice: [start, end) or [start, end, step], or null for all of it; negatives count from the end. */
export type SliceRange = readonly [start: number, end: number, step?: number] | null;

/**
 * A part of a tensor, by ranges as Python's: clamped to the axis, negative values from its end, negative steps reverse.
 *
 * @example slice(x, [null, [1, 5]]); // columns 1 to 4
 */
export function slice(x: Tensor, ranges: readonly SliceRange[]): Tensor {
  check(
    ranges.length <= x.rank,
    "shape",
    () => `slice: ${ranges.length} ranges for a tensor ${formatShape(x.shape)}`,
  );
  const strides = stridesOf(x.shape);
  let offset = 0;
  const shape: number[] = [];
  for (let axis = 0; axis < x.rank; axis++) {
    const size = x.shape[axis];
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
  if (sameShape(shape, x.shape) && strides.every((s) => s >= 0)) return viewed(x, shape);
  return recorded("slice", [x], { ranges }, () => stridedCopy(x, shape, strides, offset));
}

/** Adds an axis of size one. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis("unsqueeze", axis, x.rank + 1);
  return viewed(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** Drops axes of size one: all of them, or the one named. */
export function squeeze(x: Tensor, axis?: number): Tensor {
  if (axis === undefined)
    return viewed(
      x,
      x.shape.filter((d) => d !== 1),
    );
  const at = normalizeAxis("squeeze", axis, x.rank);
  check(x.shape[at] === 1, "shape", () => `squeeze: axis ${axis} of ${formatShape(x.shape)} is not 1`);
  return viewed(
    x,
    x.shape.filter((_, i) => i !== at),
  );
}
