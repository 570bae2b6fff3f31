import { sampled } from "../check.js";
import { operationCase } from "./operation.js";

/** An operation on each row by itself. */
const rowsCase = (
  name: "layernorm" | "softmax",
  what: string,
  sizes: readonly (readonly [rows: number, n: number])[],
  value: (row: Float32Array, column: number, operands: Float32Array[]) => number,
) =>
  operationCase({
    name,
    title: `${what}, rows x width; the ceiling is a kernel that copies as many bytes`,
    sizes: sizes.map(([rows, n]) => ({ rows, n })),
    quick: { rows: 9, n: 40 },
    label: ({ rows, n }) => `${rows} x ${n}`,
    unit: "GB/s",
    work: ({ rows, n }) => 8 * rows * n,
    check: ({ rows, n }, [x, ...rest]) =>
      sampled(rows * n, (at) => value(x.subarray(at - (at % n), at - (at % n) + n), at % n, rest)),
  });

const EPSILON = 1e-5;

export const layernorm = rowsCase(
  "layernorm",
  "Layer norm with weight and bias",
  [
    [226, 896],
    [1808, 896],
  ],
  (row, column, [weight, bias]) => {
    const mean = row.reduce((sum, v) => sum + v, 0) / row.length;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
    return ((row[column] - mean) / Math.sqrt(variance + EPSILON)) * weight[column] + bias[column];
  },
);

/** As many rows as an image has queries in all heads, and long rows. */
export const softmax = rowsCase(
  "softmax",
  "Softmax over the last axis",
  [
    [3164, 226],
    [225, 14400],
  ],
  (row, column) => Math.exp(row[column]) / row.reduce((sum, v) => sum + Math.exp(v), 0),
);
