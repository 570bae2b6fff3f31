import { planRows } from "../kernels/plan.js";
import { softmaxChunk, softmaxKernel, softmaxValues } from "../kernels/softmax.js";
import { around, normalizeAxis } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { defineOp, FLOATS, type Op } from "./define.js";
import { exp, mul, sub } from "./elementwise.js";
import type { Launch } from "./launch.js";
import { alongAxis } from "./reference.js";
import { sum } from "./sum.js";

type Softmax = Op<[x: Tensor, axis?: number]>;

/* @__NO_SIDE_EFFECTS__ */
const alongRows = (
  name: "softmax" | "logSoftmax",
  slope: (g: Tensor, out: Tensor, sums: (x: Tensor) => Tensor) => Tensor,
  reference: (row: number[]) => number[],
): Softmax =>
  defineOp(name, {
    check: (x: Tensor, axis?: number) => ({ x, axis: normalizeAxis(name, axis ?? -1, x.rank) }),
    takes: FLOATS,
    shape: ({ x }) => x.shape,
    kernel: (call) => plan(call, name === "logSoftmax"),
    flop: ({ x }) => 5 * x.size,
    saves: ["out"],
    vjp: { x: ({ g, out, axis }) => slope(g, out, (x) => sum(x, axis, { keepDims: true })) },
    reference: ({ x, axis }) => alongAxis(x, axis, reference),
  });

/**
 * exp(x) over its sum along an axis, computed from x minus its largest value. Rows that are -Infinity throughout, or hold
 * NaN or Infinity, become NaN.
 *
 * @param axis default the last.
 * @example const probabilities = softmax(logits);
 */
export const softmax: Softmax = alongRows(
  "softmax",
  (g, out, sums) => {
    const weighted = mul(g, out);
    return sub(weighted, mul(out, sums(weighted)));
  },
  (row) => logSoftmaxRow(row).map(Math.exp),
);

/** The logarithm of `softmax`, exact also where that rounds to 0. @example const nll = neg(logSoftmax(logits)); */
export const logSoftmax: Softmax = alongRows(
  "logSoftmax",
  (g, out, sums) => sub(g, mul(exp(out), sums(g))),
  logSoftmaxRow,
);

function plan({ x, axis }: { x: Tensor; axis: number }, log: boolean): Launch {
  const { caps } = x.device;
  const { n, inner } = around(x.shape, axis);
  const count = x.size / n;
  const threads = planRows(count, n, inner, caps);
  const values = softmaxValues(n, inner);
  return {
    kernel: softmaxKernel({ log, threads, values }),
    tensors: { x },
    uniforms: { n, inner, block: Math.ceil(Math.sqrt(n / values / threads / softmaxChunk(values))) },
    over: [count],
  };
}

function logSoftmaxRow(row: readonly number[]): number[] {
  const largest = Math.max(...row);
  const log = Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
  return row.map((v) => v - largest - log);
}
