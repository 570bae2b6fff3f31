import { check } from "../errors.js";
import { broadcastShapes, broadcastStrides, formatShape, type Shape, sameShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { copied } from "./copy.js";
import { defineOp, NUMBERS } from "./define.js";
import { defineReduction, keptShape, reduceRows } from "./reduce-run.js";
import { generate, valueAt } from "./reference.js";

/* sum and expand are each other's gradient, and so share a file. */

/**
 * The sum over axes; 0 over empty ones. Whole numbers stay whole and wrap.
 *
 * @example sum(x, -1);
 */
export const sum = defineReduction("sum", {
  takes: NUMBERS,
  empty: 0,
  launch: (rows, out) => reduceRows("sum", rows, 1, out),
  vjp: ({ g, shapes, axes }) => repeated(g.view(keptShape(shapes.x, axes)), shapes.x),
  reference: (row) => row.reduce((a, b) => a + b, 0),
});

/**
 * Repeats axes of size one (and adds leading ones) until the tensor has `shape`.
 *
 * @throws TensorError `shape` where another axis would have to grow.
 * @example expand(bias, [8, 64]);
 */
export const expand = defineOp("expand", {
  check: (x: Tensor, shape: Shape) => {
    check(
      sameShape(broadcastShapes("expand", x.shape, shape), shape),
      "shape",
      () =>
        `expand: ${formatShape(x.shape)} does not fit into ${formatShape(shape)}; only axes of size 1 grow`,
    );
    return { x, shape };
  },
  takes: {},
  forward: ({ x, shape }) => repeated(x, shape),
  vjp: { x: ({ g, shapes }) => unbroadcast(g, shapes.x) },
  reference: ({ x, shape }) => generate(shape, (at) => valueAt(x, at)),
});

const repeated = (x: Tensor, shape: Shape): Tensor =>
  sizeOf(shape) === x.size ? x.view(shape) : copied(x, shape, broadcastStrides(x.shape, shape));

/** Sums a gradient over the axes along which its input was repeated. */
export function unbroadcast(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.rank - shape.length;
  const axes = g.shape.flatMap((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? [i] : []));
  return sum(g, axes, { keepDims: true }).view(shape);
}
