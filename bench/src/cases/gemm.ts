import type { Case } from "../case.js";
import { sampled } from "../check.js";
import { operand } from "../data.js";
import { ONNX_PEERS, TENSOR_PEERS } from "../peers/index.js";
import type { Tasks } from "../task.js";
import { all, arithmetic } from "./contestants.js";

/** A square, the four products of a block of ViT-B-16-plus-240 that matter, and one with many rows. */
const SHAPES = [
  [1024, 1024, 1024],
  [226, 896, 2688],
  [226, 896, 3584],
  [226, 3584, 896],
  [2048, 640, 640],
] as const;
const QUICK_SHAPES = [[65, 96, 80]] as const;

export const gemm: Case = {
  name: "gemm",
  title:
    "Matrix products of float32, rows x inner size x columns; our right operand is packed beforehand, as weights are",
  async *run(bench) {
    for (const [m, k, n] of bench.quick ? QUICK_SHAPES : SHAPES) {
      const sizes = { m, k, n };
      yield* await bench.compare({
        case: "gemm",
        size: `${m} x ${k} x ${n}`,
        unit: "GFLOP/s",
        contestants: [
          arithmetic(bench.quick),
          ...all([...TENSOR_PEERS, ...ONNX_PEERS], "gemm", sizes, (2 * m * k * n) / 1e9),
        ],
        check: product(sizes),
      });
    }
  },
};

function product({ m, k, n }: Tasks["gemm"]) {
  const [a, b] = [operand(1, m * k), operand(2, k * n)];
  return sampled(m * n, (at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += a[row * k + i] * b[i * n + column];
    return sum;
  });
}
