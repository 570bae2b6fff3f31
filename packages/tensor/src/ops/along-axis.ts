import { check } from "../errors.js";
import { scatterAlongKernel } from "../kernels/gather.js";
import { formatShape, normalizeAxis, type Shape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { defineOp, FLOATS, INTEGERS, type Op } from "./define.js";
import { checkNotEmpty, clampIndex, pickedType, planPick } from "./gather.js";
import { converted } from "./launch.js";
import { coordinatesOf, flatIndex, generate, valueAt } from "./reference.js";

/* takeAlongAxis and scatterAlongAxis are each other's gradient, and so share a file. */

/**
 * Picks single values along an axis: result[.., j, ..] = x[.., indices[.., j, ..], ..], as NumPy's take_along_axis.
 *
 * @param indices int32 or uint32 of x's rank; all axes but `axis` equal x's. Outside the axis: the nearest end.
 * @returns the indices' shape.
 * @example
 * const best = takeAlongAxis(scores, order, -1);
 */
export const takeAlongAxis: Op<[x: Tensor, indices: Tensor, axis: number]> = defineOp("takeAlongAxis", {
  check: (x: Tensor, indices: Tensor, axis: number) => {
    const along = normalizeAxis("takeAlongAxis", axis, x.rank);
    check(
      indices.rank === x.rank && indices.shape.every((d, i) => i === along || d === x.shape[i]),
      "shape",
      () =>
        `takeAlongAxis: x is ${formatShape(x.shape)} and indices ${formatShape(indices.shape)}; all axes but ${axis} must ` +
        "be equal (expand the indices)",
    );
    checkNotEmpty("takeAlongAxis", x, along, indices.shape);
    return { x, indices, axis: along };
  },
  takes: { indices: INTEGERS },
  shape: ({ indices }) => indices.shape,
  dtype: ({ x }) => pickedType(x),
  kernel: (call, out) => planPick(call, out, true),
  saves: { x: ["indices"] },
  vjp: { x: ({ g, indices, shapes, axis }) => scatterAlongAxis(g, indices, shapes.x, axis) },
  reference: ({ x, indices, axis }) =>
    generate(indices.shape, (at) =>
      valueAt(x, at.with(axis, clampIndex(valueAt(indices, at), x.shape[axis]))),
    ),
});

/**
 * The gradient of `takeAlongAxis`: adds single values into zeros of `shape`, each at its own index along an axis, in order.
 *
 * @param values of the indices' shape.
 * @param indices int32 or uint32; all axes but `axis` equal those of `shape`.
 * @example
 * const g = scatterAlongAxis(values, indices, x.shape, -1);
 */
export const scatterAlongAxis: Op<[values: Tensor, indices: Tensor, shape: Shape, axis: number]> = defineOp(
  "scatterAlongAxis",
  {
    check: (values: Tensor, indices: Tensor, shape: Shape, axis: number) => {
      const along = normalizeAxis("scatterAlongAxis", axis, shape.length);
      check(
        values.size === indices.size &&
          indices.rank === shape.length &&
          indices.shape.every((d, i) => i === along || d === shape[i]),
        "shape",
        () =>
          `scatterAlongAxis: values are ${formatShape(values.shape)}, indices ${formatShape(indices.shape)} and the shape is ` +
          `${formatShape(shape)}; all axes but ${axis} must be equal`,
      );
      return { values, indices, shape, axis: along };
    },
    takes: { values: FLOATS, indices: INTEGERS },
    shape: ({ shape }) => shape,
    kernel: ({ values, indices, shape, axis }, out) => ({
      kernel: scatterAlongKernel(),
      tensors: { source: values, index: indices.dtype === "int32" ? indices : converted(indices, "int32") },
      uniforms: {
        size: shape[axis],
        picks: indices.shape[axis],
        inner: sizeOf(shape.slice(axis + 1)),
      },
      over: [out.size],
    }),
    flop: ({ values }) => values.size,
    saves: { values: ["indices"] },
    vjp: { values: ({ g, indices, axis }) => takeAlongAxis(g, indices, axis) },
    reference: ({ values, indices, shape, axis }) => {
      const out = new Array<number>(sizeOf(shape)).fill(0);
      for (let i = 0; i < values.values.length; i++) {
        const at = coordinatesOf(i, indices.shape).with(axis, clampIndex(indices.values[i], shape[axis]));
        out[flatIndex(at, shape)] += values.values[i];
      }
      return out;
    },
  },
);
