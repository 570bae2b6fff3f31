import { noGrad } from "../autograd/record.js";
import { wgslScalar } from "../dtype.js";
import { foldGrid } from "../kernels/grid.js";
import { SORT_BLOCK, sortBlockKernel, sortedPlacesKernel, sortStepKernel } from "../kernels/sort.js";
import { normalizeAxis, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { takeAlongAxis } from "./along-axis.js";
import { ANY, defineOp, type Op } from "./define.js";
import { launch } from "./launch.js";
import { FLAG } from "./options.js";
import { alongAxis } from "./reference.js";
import { transpose } from "./shape.js";
import { ranks } from "./topk.js";

export interface Sorted {
  /** The values in order, of x's shape. */
  values: Tensor;
  /** Where each stood along the axis. */
  indices: Tensor<"int32">;
}

/**
 * The values along an axis in order, and where they stood. Equal values keep their order; NaN counts as the largest. Gradients flow
 * to the values.
 *
 * @param axis default -1.
 * @example const { values, indices } = sort(scores, -1, { descending: true });
 */
export const sort: Op<[x: Tensor, axis?: number, options?: { descending?: boolean }], Sorted> = defineOp(
  "sort",
  {
    check: (x: Tensor, axis?: number, options: { descending?: boolean } = {}) => ({
      x,
      axis: normalizeAxis("sort", axis ?? -1, x.rank),
      descending: options.descending ?? false,
    }),
    options: { at: 2, takes: { descending: FLAG } },
    takes: ANY,
    forward: (call) => {
      const indices = order(call);
      return { values: takeAlongAxis(call.x, indices, call.axis), indices };
    },
    onTape: ({ x, axis, descending }) => {
      const { indices } = noGrad(() => sort(x, axis, { descending }));
      return { values: takeAlongAxis(x, indices, axis), indices };
    },
    reference: ({ x, axis, descending }) => ({
      values: alongAxis(x, axis, (row) => ranks(row, descending).map((place) => row[place])),
      indices: alongAxis(x, axis, (row) => ranks(row, descending)),
    }),
  },
);

/** The indices that sort x along an axis. */
function order({ x, axis, descending }: { x: Tensor; axis: number; descending: boolean }): Tensor<"int32"> {
  if (axis !== x.rank - 1) {
    const moved = transpose(x, axis, -1);
    return transpose(order({ x: moved, axis: x.rank - 1, descending }), axis, -1);
  }
  const { device } = x;
  const out = Tensor.empty(device, x.shape, "int32");
  if (out.size === 0) return out;
  const n = x.shape[axis];
  const rows = sizeOf(x.shape.slice(0, -1));
  const width = 2 ** Math.max(1, Math.ceil(Math.log2(n)));
  const blocks = Math.ceil((rows * width) / SORT_BLOCK);
  const keys = Tensor.empty(device, [blocks, SORT_BLOCK], "uint32");
  const places = Tensor.empty(device, [blocks, SORT_BLOCK], "uint32");
  const blockGrid = foldGrid(blocks, device.caps.maxWorkgroupsPerDimension);
  const sizes = { rows, n, width, blocks };
  launch({
    kernel: sortBlockKernel({ type: wgslScalar(x.dtype), descending }),
    tensors: { x, outKeys: keys, outPlaces: places },
    uniforms: { ...sizes, shortest: 2, longest: Math.min(width, SORT_BLOCK) },
    grid: blockGrid,
  });
  for (let k = 2 * SORT_BLOCK; k <= width; k *= 2) {
    for (let j = k / 2; j >= SORT_BLOCK; j /= 2) {
      const tensors = { keys, places };
      launch({ kernel: sortStepKernel(), tensors, uniforms: { width, k, j }, over: [(rows * width) / 2] });
    }
    launch({
      kernel: sortBlockKernel(null),
      tensors: { outKeys: keys, outPlaces: places },
      uniforms: { ...sizes, shortest: k, longest: k },
      grid: blockGrid,
    });
  }
  launch({
    kernel: sortedPlacesKernel(),
    tensors: { places, out },
    uniforms: { n, width },
    over: [out.size],
  });
  return out;
}
