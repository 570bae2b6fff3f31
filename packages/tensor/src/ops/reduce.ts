import { check } from "../errors.js";
import type { Reduction } from "../kernels/reduce.js";
import { Tensor } from "../tensor.js";
import { equal, where } from "./comparison.js";
import { defineOp, FLOATS, NUMBERS, type Op } from "./define.js";
import { div, mul, sub } from "./elementwise.js";
import { launch } from "./launch.js";
import {
  type Axes,
  checkNotEmpty,
  checkReduction,
  countOf,
  keptShape,
  type ReduceOptions,
  reducedShape,
  reduceReference,
  reduceRows,
  rowsOf,
} from "./reduce-run.js";
import { expand, fill, sum } from "./sum.js";

export type { Axes, ReduceOptions } from "./reduce-run.js";

/**
 * The mean over axes, float32; NaN over empty ones.
 *
 * @example mean(image, [-2, -1]);
 */
export const mean = defineOp("mean", {
  check: (x: Tensor, axes?: Axes, options: ReduceOptions = {}) => checkReduction("mean", x, axes, options),
  takes: FLOATS,
  shape: reducedShape,
  kernel: (call, out) => {
    const rows = rowsOf(call);
    return rows.n === 0 ? fill(out, Number.NaN) : reduceRows("sum", rows, rows.n, out);
  },
  flop: ({ x }) => x.size,
  vjp: {
    x: ({ g, shapes, axes }) =>
      mul(expand(g.view(keptShape(shapes.x, axes)), shapes.x), 1 / countOf(shapes.x, axes)),
  },
  reference: (call) => reduceReference(call, meanOf),
});

const meanOf = (row: readonly number[]): number => row.reduce((a, b) => a + b, 0) / row.length;

/**
 * The variance over axes, float32: squared distances from the mean over n - `correction`, by two passes. NaN where
 * that is not above 0.
 *
 * @param options.correction 1 (default) for a sample, 0 for the whole population.
 * @example variance(x, -1, { correction: 0 });
 */
export const variance = defineOp("variance", {
  check: (x: Tensor, axes?: Axes, options: ReduceOptions & { correction?: number } = {}) => {
    const { correction = 1 } = options;
    check(
      Number.isFinite(correction) && correction >= 0,
      "argument",
      () => `variance: correction ${correction} must be 0, 1 or another number from 0`,
    );
    return { ...checkReduction("variance", x, axes, options), correction };
  },
  takes: FLOATS,
  shape: reducedShape,
  kernel: (call, out) => {
    const rows = rowsOf(call);
    if (rows.n <= call.correction) return fill(out, Number.NaN);
    const offsets = Tensor.empty(out.device, out.shape);
    launch(reduceRows("offsets", rows, rows.n, offsets));
    return reduceRows("squares", rows, rows.n - call.correction, out, offsets);
  },
  flop: ({ x }) => 4 * x.size,
  saves: ["x"],
  vjp: {
    x: ({ g, x, axes, correction }) => {
      const centred = sub(x, mean(x, axes, { keepDims: true }));
      const factor = 2 / (countOf(x.shape, axes) - correction);
      return mul(mul(centred, factor), g.view(keptShape(x.shape, axes)));
    },
  },
  reference: (call) =>
    reduceReference(call, (row) => {
      const mean = meanOf(row);
      const squares = row.reduce((sum, v) => sum + (v - mean) ** 2, 0);
      return row.length > call.correction ? squares / (row.length - call.correction) : Number.NaN;
    }),
});

type Reduce = Op<[x: Tensor, axes?: Axes, options?: ReduceOptions]>;

/* @__NO_SIDE_EFFECTS__ */
const extreme = (name: "max" | "min", better: (a: number, b: number) => number): Reduce =>
  defineOp(name, {
    check: (x: Tensor, axes?: Axes, options: ReduceOptions = {}) => checkNotEmpty(name, x, axes, options),
    takes: NUMBERS,
    shape: reducedShape,
    dtype: ({ x }) => x.dtype,
    kernel: (call, out) => reduceRows(name, rowsOf(call), 1, out),
    flop: ({ x }) => x.size,
    saves: ["x", "out"],
    vjp: {
      // The gradient goes to the values that are the extreme, in equal shares, as PyTorch's amax has it.
      x: ({ g, x, out, axes }) => {
        const kept = keptShape(x.shape, axes);
        const taken = where(equal(x, out.view(kept)), 1, 0);
        return mul(taken, div(g.view(kept), sum(taken, axes, { keepDims: true })));
      },
    },
    reference: (call) => reduceReference(call, (row) => row.reduce(better)),
  });

/**
 * The largest value over axes; NaN where there is one.
 *
 * @throws TensorError `shape` over empty axes.
 * @example max(x, 0, { keepDims: true });
 */
export const max: Reduce = extreme("max", (a, b) => Math.max(a, b));

/** The smallest value over axes; NaN where there is one. @throws TensorError `shape` over empty axes. */
export const min: Reduce = extreme("min", (a, b) => Math.min(a, b));

type ReduceAxis = Op<[x: Tensor, axis?: number, options?: ReduceOptions], Tensor<"int32">>;

/* @__NO_SIDE_EFFECTS__ */
const position = (name: "argmax" | "argmin", beats: (a: number, b: number) => boolean): ReduceAxis =>
  defineOp(name, {
    check: (x: Tensor, axis?: number, options: ReduceOptions = {}) => checkNotEmpty(name, x, axis, options),
    takes: NUMBERS,
    shape: reducedShape,
    dtype: () => "int32",
    kernel: (call, out) => reduceRows(name, rowsOf(call), 1, out),
    flop: ({ x }) => x.size,
    vjp: null,
    reference: (call) =>
      reduceReference(call, (row) =>
        row.reduce(
          (best, v, i) => (beats(v, row[best]) || (Number.isNaN(v) && !Number.isNaN(row[best])) ? i : best),
          0,
        ),
      ),
  });

/**
 * Where the largest value along an axis is, int32: the first of equals, the first NaN where there is one. Without an
 * axis, the index into all values, row-major.
 *
 * @throws TensorError `shape` along an empty axis.
 * @example const label = argmax(logits, -1);
 */
export const argmax: ReduceAxis = position("argmax", (a, b) => a > b);

/** Where the smallest value along an axis is, int32; else as `argmax`. */
export const argmin: ReduceAxis = position("argmin", (a, b) => a < b);

type Decision = Op<[x: Tensor, axes?: Axes, options?: ReduceOptions], Tensor<"bool">>;

/* @__NO_SIDE_EFFECTS__ */
const decide = (name: "all" | "any", reduction: Reduction): Decision =>
  defineOp(name, {
    check: (x: Tensor, axes?: Axes, options: ReduceOptions = {}) => checkReduction(name, x, axes, options),
    takes: ["bool"],
    shape: reducedShape,
    dtype: () => "bool",
    kernel: (call, out) => {
      const rows = rowsOf(call);
      return rows.n === 0 ? fill(out, Number(name === "all")) : reduceRows(reduction, rows, 1, out);
    },
    flop: ({ x }) => x.size,
    vjp: null,
    reference: (call) =>
      reduceReference(call, (row) => +(name === "all" ? row.every(Boolean) : row.some(Boolean))),
  });

/** Whether all bools over axes are true; true over empty ones. */
export const all: Decision = decide("all", "min");

/** Whether any bool over axes is true; false over empty ones. */
export const any: Decision = decide("any", "max");
