import { check } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { equal, where } from "./comparison.js";
import { defineOp, FLOATS } from "./define.js";
import { abs, div, mul, pow, sign, sqrt, square, sub } from "./elementwise.js";
import { FLAG, NUMBER } from "./options.js";
import { max, mean, variance } from "./reduce.js";
import {
  type Axes,
  checkReduction,
  countOf,
  keptShape,
  type ReduceOptions,
  reduceReference,
} from "./reduce-run.js";
import { varianceOf } from "./reference.js";
import { sum } from "./sum.js";

/**
 * The standard deviation over axes, float32: the square root of `variance`. Its gradient is 0 where it is 0.
 *
 * @param options.correction 1 (default) for a sample, 0 for the whole population.
 * @example std(x, -1);
 */
export const std = defineOp("std", {
  check: (x: Tensor, axes?: Axes, options: ReduceOptions & { correction?: number } = {}) => ({
    ...checkReduction("std", x, axes, options),
    correction: options.correction ?? 1,
  }),
  options: { at: 2, takes: { keepDims: FLAG, correction: NUMBER } },
  takes: FLOATS,
  forward: ({ x, axes, ...options }) => sqrt(variance(x, axes, options)),
  flop: ({ x }) => 4 * x.size,
  saves: ["x", "out"],
  vjp: {
    x: ({ g, x, out, axes, correction }) => {
      const kept = keptShape(x.shape, axes);
      const slope = where(equal(out, 0), 0, div(g, mul(out, countOf(x.shape, axes) - correction)));
      return mul(sub(x, mean(x, axes, { keepDims: true })), slope.view(kept));
    },
  },
  reference: (call) => reduceReference(call, (row) => Math.sqrt(varianceOf(row, call.correction))),
});

export interface NormOptions extends ReduceOptions {
  /** The p of the norm: 2 (default) is Euclid's, 1 sums magnitudes, Infinity takes the largest. */
  order?: number;
}

/**
 * The p-norm over axes, float32: (sum |x|^p)^(1/p). Its gradient is 0 where it is 0.
 *
 * @throws TensorError `argument` unless the order is above 0.
 * @example norm(features, -1);
 */
export const norm = defineOp("norm", {
  check: (x: Tensor, axes?: Axes, options: NormOptions = {}) => {
    const { order = 2 } = options;
    check(order > 0, "argument", () => `norm: order ${order} must be above 0, e.g. 1, 2 or Infinity`);
    return { ...checkReduction("norm", x, axes, options), order };
  },
  options: { at: 2, takes: { keepDims: FLAG, order: NUMBER } },
  takes: FLOATS,
  forward: ({ x, axes, keepDims, order }) => {
    const options = { keepDims };
    if (order === 2) return sqrt(sum(square(x), axes, options));
    if (order === 1) return sum(abs(x), axes, options);
    if (order === Number.POSITIVE_INFINITY) return max(abs(x), axes, options);
    return pow(sum(pow(abs(x), order), axes, options), 1 / order);
  },
  flop: ({ x }) => 2 * x.size,
  saves: ["x", "out"],
  vjp: {
    x: ({ g, x, out, axes, order }) => {
      const kept = keptShape(x.shape, axes);
      const [slope, length] = [g.view(kept), out.view(kept)];
      if (order === 1) return mul(sign(x), slope);
      const size = abs(x);
      const zero = equal(length, 0);
      if (order === Number.POSITIVE_INFINITY) {
        const largest = where(equal(size, length), sign(x), 0);
        return where(zero, 0, mul(largest, div(slope, sum(abs(largest), axes, { keepDims: true }))));
      }
      if (order === 2) return where(zero, 0, mul(div(x, length), slope));
      const share = mul(sign(x), pow(div(size, length), order - 1));
      return where(equal(size, 0), 0, mul(share, slope));
    },
  },
  reference: (call) =>
    reduceReference(call, (row) => {
      if (call.order === Number.POSITIVE_INFINITY) return Math.max(...row.map(Math.abs));
      return row.reduce((total, v) => total + Math.abs(v) ** call.order, 0) ** (1 / call.order);
    }),
});
