import { noGrad } from "../autograd/record.js";
import { wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { topkKernel } from "../kernels/topk.js";
import { formatShape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { takeAlongAxis } from "./along-axis.js";
import { ANY, defineOp, type Op } from "./define.js";
import { launch } from "./launch.js";
import { FLAG } from "./options.js";
import { alongAxis } from "./reference.js";

export interface TopK {
  /** The chosen values, best first, [..., k]. */
  values: Tensor;
  /** Where each stands on the last axis, int32 [..., k]. */
  indices: Tensor<"int32">;
}

/**
 * The k largest (or smallest) values of each row of the last axis and where they stand, best first; of equals the
 * first comes first, and NaN counts as the largest. Gradients flow to the values that were chosen.
 *
 * @param x [..., n].
 * @throws TensorError `argument` unless 0 <= k <= n.
 * @example
 * const { values, indices } = topk(scores, 5);
 */
export const topk: Op<[x: Tensor, k: number, options?: { largest?: boolean }], TopK> = defineOp("topk", {
  check: (x: Tensor, k: number, options: { largest?: boolean } = {}) => {
    check(x.rank >= 1, "shape", () => "topk: a scalar has no axis to choose from; reshape it to [1]");
    const n = x.shape[x.rank - 1];
    check(
      Number.isInteger(k) && k >= 0 && k <= n,
      "argument",
      () =>
        `topk: k is ${k} and the last axis of ${formatShape(x.shape)} has ${n} values; use 0 <= k <= ${n}`,
    );
    return { x, k, largest: options.largest ?? true };
  },
  options: { at: 2, takes: { largest: FLAG } },
  takes: ANY,
  forward: choose,
  onTape: (call) => {
    const { indices } = noGrad(() => topk(call.x, call.k, { largest: call.largest }));
    return { values: takeAlongAxis(call.x, indices, -1), indices };
  },
  reference: ({ x, k, largest }) => {
    const places = alongAxis(x, x.shape.length - 1, (row) => ranks(row, largest).slice(0, k));
    const n = x.shape[x.shape.length - 1];
    return { values: places.map((at, i) => x.values[Math.floor(i / k) * n + at]), indices: places };
  },
});

function choose({ x, k, largest }: Call): TopK {
  const { family } = x.device.caps;
  const lead = x.shape.slice(0, -1);
  const values = Tensor.empty(x.device, [...lead, k], x.dtype);
  const indices = Tensor.empty(x.device, [...lead, k], "int32");
  const rows = values.size === 0 ? 0 : sizeOf(lead);
  launch({
    kernel: topkKernel({ type: wgslScalar(x.dtype), largest, shared: family === "workgroup" }),
    tensors: { x, values, indices },
    uniforms: { n: x.shape[x.rank - 1], k },
    over: [rows],
  });
  return { values, indices };
}

interface Call {
  x: Tensor;
  k: number;
  largest: boolean;
}

/** The places of a row's values in order; NaN is the largest. */
export function ranks(row: readonly number[], largest: boolean): number[] {
  const above = (a: number, b: number) =>
    Number.isNaN(a) ? +!Number.isNaN(b) : Number.isNaN(b) ? -1 : Math.sign(a - b);
  return row
    .map((_, i) => i)
    .sort((i, j) => (largest ? above(row[j], row[i]) : above(row[i], row[j])) || i - j);
}
