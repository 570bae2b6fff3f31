import { check, kindOf } from "../errors.js";
import { formatShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { defineOp, type Op } from "./define.js";
import { generate } from "./reference.js";
import { reshape, type SliceRange, slice } from "./shape.js";

/**
 * What to take of one axis: a whole number takes one place and drops the axis; [start, end] or [start, end, step] is a range, with
 * null for an open end; null takes all; "..." takes all of as many axes as the other indices leave.
 */
export type AtIndex = number | AtRange | null | "...";

/** A range as Python's start:end:step: clamped to the axis, negative values counted from its end. */
export type AtRange = readonly [start: number | null, end: number | null, step?: number];

/**
 * Part of a tensor by numbers and ranges, as NumPy's basic indexing. Axes that are not named are taken whole.
 *
 * @throws TensorError `argument` for a number outside its axis, a step of 0 or another kind of index; `shape` for too many.
 * @example
 * at(x, 0); // the first row
 * at(x, -1, [1, 5]); // columns 1 to 4 of the last row
 * at(x, "...", [null, null, -1]); // reversed along the last axis
 */
export const at: Op<[x: Tensor, ...indices: AtIndex[]]> = defineOp("at", {
  check: (x: Tensor, ...indices: AtIndex[]) => {
    const full = spread(x, indices);
    const ranges = full.map((index, axis) => rangeOf(x, index, axis));
    return { x, ranges, shape: x.shape.map((_, axis) => (typeof full[axis] === "number" ? null : axis)) };
  },
  takes: {},
  forward: take,
  onTape: take,
  reference: ({ x, ranges, shape }) => {
    const places = x.shape.map((size, axis) => visited(size, ranges[axis]));
    const kept = shape.filter((axis) => axis !== null);
    return generate(
      kept.map((axis) => places[axis].length),
      (position) =>
        x.values[
          x.shape.reduce((flat, size, axis) => {
            const place = shape[axis] === null ? 0 : position[kept.indexOf(axis)];
            return flat * size + places[axis][place];
          }, 0)
        ],
    );
  },
});

interface Call {
  x: Tensor;
  ranges: readonly SliceRange[];
  /** The axes that stay, null for those dropped. */
  shape: readonly (number | null)[];
}

function take({ x, ranges, shape }: Call): Tensor {
  const part = slice(x, ranges);
  return reshape(
    part,
    part.shape.filter((_, axis) => shape[axis] !== null),
  );
}

/** One index for each axis. */
function spread(x: Tensor, indices: readonly AtIndex[]): Exclude<AtIndex, "...">[] {
  const gap = indices.indexOf("...");
  check(gap === indices.lastIndexOf("..."), "argument", () => 'at: "..." stands more than once');
  const named = indices.filter((index) => index !== "...") as Exclude<AtIndex, "...">[];
  check(
    named.length <= x.rank,
    "shape",
    () => `at: ${named.length} indices for a tensor ${formatShape(x.shape)} of rank ${x.rank}`,
  );
  const rest = new Array<null>(x.rank - named.length).fill(null);
  return gap < 0 ? [...named, ...rest] : [...named.slice(0, gap), ...rest, ...named.slice(gap)];
}

function rangeOf(x: Tensor, index: Exclude<AtIndex, "...">, axis: number): SliceRange {
  const size = x.shape[axis];
  if (index === null) return null;
  if (typeof index === "number") {
    check(
      Number.isInteger(index) && index >= -size && index < size,
      "argument",
      () =>
        `at: index ${index} is outside axis ${axis} of ${formatShape(x.shape)}; ` +
        (size === 0 ? "it is empty" : `use ${-size} to ${size - 1}`),
    );
    const from = index < 0 ? index + size : index;
    return [from, from + 1];
  }
  check(
    Array.isArray(index) && (index.length === 2 || index.length === 3),
    "argument",
    () =>
      `at: index ${axis} is ${Array.isArray(index) ? `an array of ${index.length}` : kindOf(index)}; give a whole number, null, ` +
      "[start, end] or [start, end, step]",
  );
  const [start, end, step = 1] = index;
  return step < 0
    ? [start ?? size - 1, end ?? Number.NEGATIVE_INFINITY, step]
    : [start ?? 0, end ?? size, step];
}

/** The places that a range visits, by Python's rule. */
function visited(size: number, range: SliceRange): number[] {
  if (range === null) return Array.from({ length: size }, (_, i) => i);
  const [start, end, step = 1] = range;
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const places: number[] = [];
  if (step > 0) for (let i = Math.max(0, from); i < Math.min(to, size); i += step) places.push(i);
  else for (let i = Math.min(from, size - 1); i > Math.max(to, -1); i += step) places.push(i);
  return places;
}
