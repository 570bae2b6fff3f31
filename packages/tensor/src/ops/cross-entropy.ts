import { check } from "../errors.js";
import { formatShape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { takeAlongAxis } from "./along-axis.js";
import { cast } from "./cast.js";
import { greaterEqual, less, logicalAnd, where } from "./comparison.js";
import { defineOp, FLOATS, INTEGERS } from "./define.js";
import { div, mul, neg, sub } from "./elementwise.js";
import { oneHot } from "./gather.js";
import { oneOf } from "./options.js";
import { logSoftmax, softmax } from "./softmax.js";
import { sum } from "./sum.js";

export interface CrossEntropyOptions {
  /** What becomes of the losses: their mean (default) or sum, or all of them. */
  reduction?: "mean" | "sum" | "none";
}

/**
 * The negative logarithm of the probability that softmax gives the right class. A target outside the classes (say -1) has no
 * loss and no gradient, and does not count in the mean.
 *
 * @param logits [..., classes].
 * @param targets int32 or uint32 [...].
 * @returns a single value, or [...] with `reduction: "none"`.
 * @throws TensorError `shape` where the shapes differ.
 * @example const loss = crossEntropy(logits, labels);
 */
export const crossEntropy = defineOp("crossEntropy", {
  check: (logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}) => {
    const { reduction = "mean" } = options;
    check(
      logits.rank > 0 && sameShape(logits.shape.slice(0, -1), targets.shape),
      "shape",
      () =>
        `crossEntropy: logits ${formatShape(logits.shape)} and targets ${formatShape(targets.shape)} do not fit; give ` +
        "[..., classes] and [...]",
    );
    return { logits, targets, reduction };
  },
  options: { at: 2, takes: { reduction: oneOf("mean", "sum", "none") } },
  takes: { logits: FLOATS, targets: INTEGERS },
  forward: ({ logits, targets, reduction }) => {
    const classes = logits.shape[logits.rank - 1];
    const column = targets.view([...targets.shape, 1]);
    const losses = neg(takeAlongAxis(logSoftmax(logits), column, -1)).view(targets.shape);
    const counted = where(inside(targets, classes), losses, 0);
    if (reduction === "none") return counted;
    const total = sum(counted);
    return reduction === "sum" ? total : div(total, countOf(targets, classes));
  },
  flop: ({ logits }) => 5 * logits.size,
  saves: ["logits", "targets"],
  vjp: {
    logits: ({ g, logits, targets, reduction }) => {
      const classes = logits.shape[logits.rank - 1];
      const slope = reduction === "mean" ? div(g, countOf(targets, classes)) : g;
      const column = [...targets.shape, 1];
      const weights = reduction === "none" ? slope.view(column) : slope;
      const slopes = mul(sub(softmax(logits), oneHot(targets, classes)), weights);
      return where(inside(targets, classes).view(column), slopes, 0);
    },
  },
  reference: ({ logits, targets, reduction }) => {
    const classes = logits.shape[logits.shape.length - 1];
    const known = Array.from(targets.values, (target) => target >= 0 && target < classes);
    const losses = known.map((is, row) => {
      if (!is) return 0;
      const values = Array.from({ length: classes }, (_, c) => logits.values[row * classes + c]);
      const top = Math.max(...values);
      return Math.log(values.reduce((s, v) => s + Math.exp(v - top), 0)) + top - values[targets.values[row]];
    });
    const total = losses.reduce((a, b) => a + b, 0);
    if (reduction === "none") return losses;
    return [reduction === "sum" ? total : total / known.filter(Boolean).length];
  },
});

const inside = (targets: Tensor, classes: number): Tensor =>
  logicalAnd(greaterEqual(targets, 0), less(targets, classes));

const countOf = (targets: Tensor, classes: number): Tensor => sum(cast(inside(targets, classes), "float32"));
