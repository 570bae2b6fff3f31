import type { Case } from "../case.js";
import { sampled } from "../check.js";
import { operand } from "../data.js";
import { ONNX_PEERS, TENSOR_PEERS } from "../peers/index.js";
import { all, yardstick } from "./contestants.js";

const SIZES = [
  [226, 896],
  [1808, 896],
] as const;
const QUICK_SIZES = [[9, 40]] as const;
const EPSILON = 1e-5;

export const layernorm: Case = {
  name: "layernorm",
  title: "Layer norm with weight and bias, rows x width; the ceiling is a kernel that copies as many bytes",
  async *run(bench) {
    for (const [rows, n] of bench.quick ? QUICK_SIZES : SIZES) {
      const bytes = 4 * rows * n;
      yield* await bench.compare({
        case: "layernorm",
        size: `${rows} x ${n}`,
        unit: "GB/s",
        contestants: [
          yardstick("ceiling", "copy", { bytes, by: "kernel" }),
          ...all([...TENSOR_PEERS, ...ONNX_PEERS], "layernorm", { rows, n }, (2 * bytes) / 1e9),
        ],
        check: normed(rows, n),
      });
    }
  },
};

function normed(rows: number, n: number) {
  const [x, weight, bias] = [operand(1, rows * n), operand(2, n), operand(3, n)];
  return sampled(rows * n, (at) => {
    const column = at % n;
    const row = x.subarray(at - column, at - column + n);
    const mean = row.reduce((sum, v) => sum + v, 0) / n;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
    return ((x[at] - mean) / Math.sqrt(variance + EPSILON)) * weight[column] + bias[column];
  });
}
