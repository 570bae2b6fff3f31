import { check } from "../errors.js";
import { Tensor } from "../tensor.js";
import { equal, where } from "./comparison.js";
import { defineOp, FLOATS, NUMBERS } from "./define.js";
import { div, mul, sub } from "./elementwise.js";
import { fill, launch } from "./launch.js";
import { FLAG, NUMBER } from "./options.js";
import {
  type Axes,
  checkReduction,
  countOf,
  defineReduction,
  keptShape,
  type ReduceOptions,
  reducedShape,
  reduceReference,
  reduceRows,
  rowsOf,
} from "./reduce-run.js";
import { meanOf, varianceOf } from "./reference.js";
import { expand, sum } from "./sum.js";

export type { Axes, ReduceOptions } from "./reduce-run.js";

/**
 * The mean over axes, float32; NaN over empty ones.
 *
 * @example mean(image, [-2, -1]);
 */
export const mean = defineReduction("mean", {
  takes: FLOATS,
  empty: Number.NaN,
  launch: (rows, out) => reduceRows("sum", rows, rows.n, out),
  vjp: ({ g, shapes, axes }) =>
    mul(expand(g.view(keptShape(shapes.x, axes)), shapes.x), 1 / countOf(shapes.x, axes)),
  reference: meanOf,
});

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
  options: { at: 2, takes: { keepDims: FLAG, correction: NUMBER } },
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
  reference: (call) => reduceReference(call, (row) => varianceOf(row, call.correction)),
});

/* @__NO_SIDE_EFFECTS__ */
const extreme = (name: "max" | "min", better: (a: number, b: number) => number) =>
  defineReduction(name, {
    takes: NUMBERS,
    launch: (rows, out) => reduceRows(name, rows, 1, out),
    saves: ["x", "out"],
    // The gradient goes to the values that are the extreme, in equal shares, as PyTorch's amax has it.
    vjp: ({ g, x, out, axes }) => {
      const kept = keptShape(x.shape, axes);
      const taken = where(equal(x, out.view(kept)), 1, 0);
      return mul(taken, div(g.view(kept), sum(taken, axes, { keepDims: true })));
    },
    reference: (row) => row.reduce(better),
  });

/**
 * The largest value over axes; NaN where there is one.
 *
 * @throws TensorError `shape` over empty axes.
 * @example max(x, 0, { keepDims: true });
 */
export const max = extreme("max", (a, b) => Math.max(a, b));

/** The smallest value over axes; NaN where there is one. @throws TensorError `shape` over empty axes. */
export const min = extreme("min", (a, b) => Math.min(a, b));

/* @__NO_SIDE_EFFECTS__ */
const position = (name: "argmax" | "argmin", beats: (a: number, b: number) => boolean) =>
  defineReduction<number, "int32">(name, {
    takes: NUMBERS,
    dtype: "int32",
    launch: (rows, out) => reduceRows(name, rows, 1, out),
    vjp: null,
    reference: (row) =>
      row.reduce(
        (best, v, i) => (beats(v, row[best]) || (Number.isNaN(v) && !Number.isNaN(row[best])) ? i : best),
        0,
      ),
  });

/**
 * Where the largest value along an axis is, int32: the first of equals, the first NaN where there is one. Without an
 * axis, the index into all values, row-major.
 *
 * @throws TensorError `shape` along an empty axis.
 * @example const label = argmax(logits, -1);
 */
export const argmax = position("argmax", (a, b) => a > b);

/** Where the smallest value along an axis is, int32; else as `argmax`. */
export const argmin = position("argmin", (a, b) => a < b);

/* @__NO_SIDE_EFFECTS__ */
const decide = (name: "all" | "any", reduction: "min" | "max") =>
  defineReduction<Axes, "bool">(name, {
    takes: ["bool"],
    dtype: "bool",
    empty: Number(name === "all"),
    launch: (rows, out) => reduceRows(reduction, rows, 1, out),
    vjp: null,
    reference: (row) => +(name === "all" ? row.every(Boolean) : row.some(Boolean)),
  });

/** Whether all bools over axes are true; true over empty ones. */
export const all = decide("all", "min");

/** Whether any bool over axes is true; false over empty ones. */
export const any = decide("any", "max");
