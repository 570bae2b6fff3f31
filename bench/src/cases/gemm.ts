import { dot, sampled } from "../check.js";
import { operationCase } from "./operation.js";

export const gemm = operationCase({
  name: "gemm",
  title:
    "Matrix products of float32, rows x inner size x columns; our right operand is packed beforehand, as weights are",
  // A square, the four products of a block of ViT-B-16-plus-240 that matter, and one with many rows.
  sizes: [
    { m: 1024, k: 1024, n: 1024 },
    { m: 226, k: 896, n: 2688 },
    { m: 226, k: 896, n: 3584 },
    { m: 226, k: 3584, n: 896 },
    { m: 2048, k: 640, n: 640 },
  ],
  quick: { m: 65, k: 96, n: 80 },
  label: ({ m, k, n }) => `${m} x ${k} x ${n}`,
  unit: "GFLOP/s",
  work: ({ m, k, n }) => 2 * m * k * n,
  check: ({ m, k, n }, [a, b]) => sampled(m * n, (at) => dot(k, [a, Math.floor(at / n) * k], [b, at % n], n)),
});
