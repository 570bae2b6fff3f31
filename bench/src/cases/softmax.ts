import type { Case } from "../case.js";
import { sampled } from "../check.js";
import { operand } from "../data.js";
import { ONNX_PEERS, TENSOR_PEERS } from "../peers/index.js";
import { all, yardstick } from "./contestants.js";

/** As many rows as an image has queries in all heads, and long rows. */
const SIZES = [
  [3164, 226],
  [225, 14400],
] as const;
const QUICK_SIZES = [[9, 40]] as const;

export const softmax: Case = {
  name: "softmax",
  title: "Softmax over the last axis, rows x width; the ceiling is a kernel that copies as many bytes",
  async *run(bench) {
    for (const [rows, n] of bench.quick ? QUICK_SIZES : SIZES) {
      const bytes = 4 * rows * n;
      yield* await bench.compare({
        case: "softmax",
        size: `${rows} x ${n}`,
        unit: "GB/s",
        contestants: [
          yardstick("ceiling", "copy", { bytes, by: "kernel" }),
          ...all([...TENSOR_PEERS, ...ONNX_PEERS], "softmax", { rows, n }, (2 * bytes) / 1e9),
        ],
        check: softened(rows, n),
      });
    }
  },
};

function softened(rows: number, n: number) {
  const x = operand(1, rows * n);
  return sampled(rows * n, (at) => {
    const start = at - (at % n);
    const total = x.subarray(start, start + n).reduce((sum, v) => sum + Math.exp(v), 0);
    return Math.exp(x[at]) / total;
  });
}
