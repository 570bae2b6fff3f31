import { div, equal, exp, mul, sub, where } from "../../ops/elementwise.js";
import { type Axes, mean, sum } from "../../ops/reduce.js";
import { expand, reshape } from "../../ops/shape.js";
import { normalizeAxis, type Shape, sizeOf } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import { input, type Rule } from "../rule.js";

interface ReduceAttributes {
  axes?: Axes;
  correction?: number;
}

/** A reduced tensor's shape with its axes kept as 1, so that it broadcasts against what was reduced. */
function keptShape(shape: Shape, axes: Axes | undefined): number[] {
  if (axes === undefined) return shape.map(() => 1);
  const list = (typeof axes === "number" ? [axes] : axes).map((a) =>
    normalizeAxis("reduce", a, shape.length),
  );
  return shape.map((d, i) => (list.includes(i) ? 1 : d));
}

/** How many values went into each of the result. */
const countOf = (shape: Shape, axes: Axes | undefined): number =>
  sizeOf(shape) / Math.max(1, sizeOf(keptShape(shape, axes)));

const spread = (g: Tensor, shape: Shape, axes: Axes | undefined): Tensor =>
  expand(reshape(g, keptShape(shape, axes)), shape);

/** The gradient goes to the values that are the extreme, in equal shares, as PyTorch's amax has it. */
const extreme: Rule = [
  input<ReduceAttributes>([0, "out"], ({ g, inputs: [x], out, shapes, attributes: { axes } }) => {
    const kept = keptShape(shapes[0], axes);
    const taken = where(equal(x, reshape(out, kept)), 1, 0);
    const ties = sum(taken, axes, { keepDims: true });
    return mul(taken, div(reshape(g, kept), ties));
  }),
];

/** Gradients of reductions and softmax. */
export const REDUCE_RULES: Record<string, Rule> = {
  sum: [input<ReduceAttributes>([], ({ g, shapes, attributes: { axes } }) => spread(g, shapes[0], axes))],
  mean: [
    input<ReduceAttributes>([], ({ g, shapes, attributes: { axes } }) =>
      mul(spread(g, shapes[0], axes), 1 / countOf(shapes[0], axes)),
    ),
  ],
  variance: [
    input<ReduceAttributes>([0], ({ g, inputs: [x], shapes, attributes: { axes, correction = 1 } }) => {
      const centred = sub(x, mean(x, axes, { keepDims: true }));
      const factor = 2 / (countOf(shapes[0], axes) - correction);
      return mul(mul(centred, factor), reshape(g, keptShape(shapes[0], axes)));
    }),
  ],
  max: extreme,
  min: extreme,
  softmax: [
    input<{ axis: number }>(["out"], ({ g, out, attributes: { axis } }) => {
      const weighted = mul(g, out);
      return sub(weighted, mul(out, sum(weighted, axis, { keepDims: true })));
    }),
  ],
  logSoftmax: [
    input<{ axis: number }>(["out"], ({ g, out, attributes: { axis } }) =>
      sub(g, mul(exp(out), sum(g, axis, { keepDims: true }))),
    ),
  ],
};
