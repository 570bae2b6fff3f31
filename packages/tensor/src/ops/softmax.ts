import { rowGrid } from "../kernels/grid.js";
import { planRows } from "../kernels/plan.js";
import { softmaxKernel } from "../kernels/softmax.js";
import { normalizeAxis, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { defineOp, FLOATS } from "./define.js";
import { exp, mul, sub } from "./elementwise.js";
import type { Launch } from "./launch.js";
import { alongAxis } from "./reference.js";
import { sum } from "./sum.js";

/**
 * exp(x) over its sum along an axis, computed from x minus its largest value. Rows that are -Infinity throughout, or hold
 * NaN or Infinity, become NaN.
 *
 * @param axis default the last.
 * @example const probabilities = softmax(logits);
 */
export const softmax = defineOp("softmax", {
  check: (x: Tensor, axis?: number) => ({ x, axis: normalizeAxis("softmax", axis ?? -1, x.rank) }),
  takes: FLOATS,
  shape: ({ x }) => x.shape,
  kernel: (call) => plan(call, false),
  flop: ({ x }) => 5 * x.size,
  saves: ["out"],
  vjp: {
    x: ({ g, out, axis }) => {
      const weighted = mul(g, out);
      return sub(weighted, mul(out, sum(weighted, axis, { keepDims: true })));
    },
  },
  reference: ({ x, axis }) => alongAxis(x, axis, (row) => logSoftmaxRow(row).map(Math.exp)),
});

/** The logarithm of `softmax`, exact also where that rounds to 0. @example const nll = neg(logSoftmax(logits)); */
export const logSoftmax = defineOp("logSoftmax", {
  check: (x: Tensor, axis?: number) => ({ x, axis: normalizeAxis("logSoftmax", axis ?? -1, x.rank) }),
  takes: FLOATS,
  shape: ({ x }) => x.shape,
  kernel: (call) => plan(call, true),
  flop: ({ x }) => 5 * x.size,
  saves: ["out"],
  vjp: { x: ({ g, out, axis }) => sub(g, mul(exp(out), sum(g, axis, { keepDims: true }))) },
  reference: ({ x, axis }) => alongAxis(x, axis, logSoftmaxRow),
});

function plan({ x, axis }: { x: Tensor; axis: number }, log: boolean): Launch {
  const { caps } = x.device;
  const n = x.shape[axis];
  const inner = sizeOf(x.shape.slice(axis + 1));
  const count = x.size / n;
  const threads = planRows(count, n, inner, caps);
  const wide = inner === 1 && n % 4 === 0;
  return {
    kernel: softmaxKernel({ log, threads, wide }),
    tensors: { x },
    uniforms: { count, n, inner, block: Math.ceil(Math.sqrt(n / threads / (wide ? 4 : 1))) },
    grid: rowGrid(count, threads, caps.maxWorkgroupsPerDimension),
  };
}

function logSoftmaxRow(row: readonly number[]): number[] {
  const largest = Math.max(...row);
  const log = Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
  return row.map((v) => v - largest - log);
}
