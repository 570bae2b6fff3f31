import { arange, zeros } from "../create.js";
import { wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { scatterKernel, scatterWinnerKernel } from "../kernels/scatter.js";
import { formatShape, normalizeAxis, sameShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { takeAlongAxis } from "./along-axis.js";
import { equal, where } from "./comparison.js";
import { ANY, defineOp, INTEGERS, type Op } from "./define.js";
import { clampIndex } from "./gather.js";
import { launch } from "./launch.js";
import { coordinatesOf, flatIndex } from "./reference.js";
import { expand } from "./sum.js";

/**
 * x with values written along an axis: result[.., indices[.., j, ..], ..] = values[.., j, ..]. Of several that go to one place the
 * last wins. The inverse of `takeAlongAxis`.
 *
 * @param indices int32 or uint32; all axes but `axis` equal x's. Outside the axis: the nearest end.
 * @param values of the indices' shape and x's type.
 * @returns x's shape.
 * @example scatter(zeros([3, 10]), labels, ones([3, 1]), 1); // one-hot rows for labels [3, 1]
 */
export const scatter: Op<[x: Tensor, indices: Tensor, values: Tensor, axis?: number]> = defineOp("scatter", {
  check: (x: Tensor, indices: Tensor, values: Tensor, axis?: number) => {
    const along = normalizeAxis("scatter", axis ?? -1, x.rank);
    check(
      indices.rank === x.rank && indices.shape.every((d, i) => i === along || d === x.shape[i]),
      "shape",
      () =>
        `scatter: x is ${formatShape(x.shape)} and indices ${formatShape(indices.shape)}; all axes but ${along} must be equal`,
    );
    check(
      sameShape(indices.shape, values.shape),
      "shape",
      () =>
        `scatter: indices are ${formatShape(indices.shape)} and values ${formatShape(values.shape)}; they must be equal`,
    );
    check(
      x.shape[along] > 0 || indices.size === 0,
      "shape",
      () => `scatter: axis ${along} of ${formatShape(x.shape)} is empty; there is no place to write to`,
    );
    check(
      x.dtype === values.dtype,
      "dtype",
      () => `scatter: x is ${x.dtype} and values ${values.dtype}; cast(values, "${x.dtype}") first`,
    );
    return { x, indices, values, axis: along };
  },
  takes: { x: ANY, indices: INTEGERS, values: ANY },
  shape: ({ x }) => x.shape,
  dtype: ({ x }) => (x.dtype === "float16" ? "float32" : x.dtype),
  kernel: ({ x, indices, values, axis }) => {
    const sizes = {
      size: x.shape[axis],
      picks: indices.shape[axis],
      inner: sizeOf(x.shape.slice(axis + 1)),
    };
    const winner = zeros(x.device, x.shape, "uint32");
    launch({
      kernel: scatterWinnerKernel(indices.dtype === "int32" ? "i32" : "u32"),
      tensors: { index: indices, winner },
      uniforms: sizes,
      over: [indices.size],
    });
    return {
      kernel: scatterKernel(wgslScalar(x.dtype)),
      tensors: { x, values, winner },
      uniforms: sizes,
      over: [x.size],
    };
  },
  saves: { x: ["indices"], values: ["indices"] },
  vjp: {
    x: ({ g, indices, shapes, axis }) => scatter(g, indices, zeros(g.device, shapes.values), axis),
    values: ({ g, indices, axis }) => {
      const own = positions(indices, axis);
      const won = scatter(zeros(g.device, g.shape, "int32"), indices, own, axis);
      return where(equal(takeAlongAxis(won, indices, axis), own), takeAlongAxis(g, indices, axis), 0);
    },
  },
  reference: ({ x, indices, values, axis }) => {
    const out = Array.from(x.values);
    for (let i = 0; i < sizeOf(indices.shape); i++) {
      const at = coordinatesOf(i, indices.shape);
      out[flatIndex(at.with(axis, clampIndex(indices.values[i], x.shape[axis])), x.shape)] = values.values[i];
    }
    return out;
  },
});

/** For each pick its place along the axis. */
function positions({ device, shape }: Tensor, axis: number): Tensor {
  const lengths = shape.map((size, i) => (i === axis ? size : 1));
  return expand(arange(device, shape[axis], "int32").view(lengths), shape);
}
