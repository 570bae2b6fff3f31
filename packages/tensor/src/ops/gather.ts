import { tensor, zeros } from "../create.js";
import { type DType, wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { gatherKernel, oneHotKernel, scatterAddKernel, scatterChainKernel } from "../kernels/gather.js";
import { WORKGROUP } from "../kernels/grid.js";
import { checkWhole, formatShape, normalizeAxis, type Shape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { defineOp, FLOATS, INTEGERS, type Op } from "./define.js";
import { converted, type Launch, launch } from "./launch.js";
import { generate, valueAt } from "./reference.js";

/* gather and scatterAdd are each other's gradient, and so share a file. */

/** Whole numbers on the GPU (int32 or uint32, any shape) or on the host (one axis; these are checked). */
export type Indices = Tensor | readonly number[] | Int32Array | Uint32Array;

/**
 * Picks slices along an axis: the axis is replaced by the axes of the indices. The rows of an embedding table, by number.
 *
 * Reads float16 tables as they are and gives float32. Indices on the GPU are not looked at by the host: one outside the
 * axis takes the nearest end.
 *
 * @returns [...x before axis, ...indices, ...x after axis].
 * @throws TensorError `argument` for indices of the host outside the axis, `dtype` for indices that are not whole
 * numbers, `shape` where the axis is empty.
 * @example
 * const embedded = gather(table, tokens); // [vocabulary, d] and [b, 77] give [b, 77, d]
 * const reversed = gather(x, [2, 1, 0], -1);
 */
export const gather: Op<[x: Tensor, indices: Indices, axis?: number]> = defineOp("gather", {
  check: (x: Tensor, given: Indices, axis?: number) => {
    const along = normalizeAxis("gather", axis ?? 0, x.rank);
    const indices = given instanceof Tensor ? given : indexTensor("gather", x, given, x.shape[along]);
    const call = { x, indices, axis: along };
    checkNotEmpty("gather", x, along, gatheredShape(call));
    return call;
  },
  takes: { indices: INTEGERS },
  shape: gatheredShape,
  dtype: ({ x }) => pickedType(x),
  kernel: (call, out) => planPick(call, out, false),
  saves: { x: ["indices"] },
  vjp: { x: ({ g, indices, shapes, axis }) => scatterAdd(g, indices, shapes.x, axis) },
  reference: ({ x, indices, axis }) => {
    const rank = indices.shape.length;
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return generate(shape, (at) => {
      const index = clampIndex(valueAt(indices, at.slice(axis, axis + rank)), x.shape[axis]);
      return valueAt(x, [...at.slice(0, axis), index, ...at.slice(axis + rank)]);
    });
  },
});

/**
 * The gradient of `gather`: adds slices of `values` into zeros of `shape`, each at its index along an axis. Every output
 * sums its own slices in order, so the result has the same bits each time.
 *
 * @param values [...shape before axis, ...indices, ...shape after axis].
 * @param indices int32 or uint32 of any shape; those outside the axis count for the nearest end, as in `gather`.
 * @example
 * const tableGradient = scatterAdd(g, tokens, table.shape, 0);
 */
export const scatterAdd: Op<[values: Tensor, indices: Tensor, shape: Shape, axis: number]> = defineOp(
  "scatterAdd",
  {
    check: (values: Tensor, indices: Tensor, shape: Shape, axis: number) => {
      const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
      check(
        values.size === outer * indices.size * inner,
        "shape",
        () =>
          `scatterAdd: ${values.size} values do not fit ${indices.size} indices of ${outer} x ${inner} values`,
      );
      return { values, indices, shape, axis };
    },
    takes: { values: FLOATS, indices: INTEGERS },
    forward: addSlices,
    saves: { values: ["indices"] },
    vjp: { values: ({ g, indices, shapes, axis }) => gather(g, indices, axis).view(shapes.values) },
    reference: ({ values, indices, shape, axis }) => {
      const out = new Array<number>(sizeOf(shape)).fill(0);
      const inner = sizeOf(shape.slice(axis + 1));
      const picks = sizeOf(indices.shape);
      for (let i = 0; i < sizeOf(values.shape); i++) {
        const pick = Math.floor(i / inner) % picks;
        const outer = Math.floor(i / (inner * picks));
        out[(outer * shape[axis] + clampIndex(indices.values[pick], shape[axis])) * inner + (i % inner)] +=
          values.values[i];
      }
      return out;
    },
  },
);

/** No atomics, which floats lack: picks of one place are chained, and the first of a chain adds them all up. */
function addSlices({
  values,
  indices,
  shape,
  axis,
}: {
  values: Tensor;
  indices: Tensor;
  shape: Shape;
  axis: number;
}): Tensor {
  const { device } = values;
  const index = indices.dtype === "int32" ? indices : converted(indices, "int32");
  const [size, picks] = [shape[axis], index.size];
  const inner = sizeOf(shape.slice(axis + 1));
  const out = zeros(device, shape);
  const next = Tensor.empty(device, index.shape, "uint32");
  const heads = Tensor.empty(device, [size], "uint32");
  const workgroups = device.caps.software ? 2 : 16;
  launch({
    kernel: scatterChainKernel(),
    tensors: { index, next, heads },
    uniforms: { picks, size, shares: workgroups * WORKGROUP },
    grid: [workgroups, 1, 1],
  });
  launch({
    kernel: scatterAddKernel(),
    tensors: { source: values, index, next, out },
    uniforms: { size, picks },
    over: [inner === 0 ? 0 : values.size / inner, inner],
  });
  return out;
}

/**
 * Rows of zeros with a one at each index; a row of zeros where the index is outside.
 *
 * @param indices int32 or uint32 of any shape.
 * @returns [...indices, depth].
 * @example
 * const targets = oneHot(labels, 10);
 */
export const oneHot = defineOp("oneHot", {
  check: (indices: Tensor, depth: number, dtype: Exclude<DType, "float16"> = "float32") => {
    checkWhole("oneHot: depth", depth);
    return { indices, depth, dtype };
  },
  takes: INTEGERS,
  shape: ({ indices, depth }) => [...indices.shape, depth],
  dtype: ({ dtype }) => dtype,
  kernel: ({ indices, depth }, out) => ({
    kernel: oneHotKernel({ indexType: wgslScalar(indices.dtype), type: wgslScalar(out.dtype) }),
    tensors: { index: indices },
    over: [indices.size, depth],
  }),
  vjp: null,
  reference: ({ indices, depth }) =>
    generate([...indices.shape, depth], (at) => +(valueAt(indices, at.slice(0, -1)) === at[at.length - 1])),
});

function gatheredShape({ x, indices, axis }: { x: Tensor; indices: Tensor; axis: number }): number[] {
  return [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
}

/** Picked float16 values are widened. */
export const pickedType = ({ dtype }: Tensor): DType => (dtype === "float16" ? "float32" : dtype);

/** The launch that picks slices along an axis, or with `each` every value by its own index. */
export function planPick(
  { x, indices, axis }: { x: Tensor; indices: Tensor; axis: number },
  out: Tensor,
  each: boolean,
): Launch {
  const length = sizeOf(x.shape.slice(axis + 1));
  return {
    kernel: gatherKernel({ dtype: x.dtype, indexType: wgslScalar(indices.dtype), each }),
    tensors: { x, index: indices },
    uniforms: { size: x.shape[axis], picks: each ? indices.shape[axis] : indices.size },
    over: [out.size / Math.max(1, length), length],
  };
}

export function checkNotEmpty(where: string, x: Tensor, axis: number, out: Shape): void {
  check(
    x.shape[axis] > 0 || sizeOf(out) === 0,
    "shape",
    () => `${where}: axis ${axis} of ${formatShape(x.shape)} is empty; there is nothing to pick from`,
  );
}

/** An index as kernels take it: the nearest end where it is outside. */
export const clampIndex = (index: number, size: number): number => Math.min(Math.max(index, 0), size - 1);

function indexTensor(where: string, x: Tensor, indices: Exclude<Indices, Tensor>, size: number): Tensor {
  for (const [i, index] of indices.entries()) {
    check(
      Number.isInteger(index) && index >= 0 && index < size,
      "argument",
      () => `${where}: index ${index} (number ${i}) must be a whole number from 0 to ${size - 1}`,
    );
  }
  return tensor(x.device, Int32Array.from(indices));
}
