import {
  attention,
  batchNorm,
  layerNorm,
  matmul,
  nearest,
  normalize,
  selfAttention,
  tensor,
} from "../../src/index.js";
import { deviceTests } from "../support.js";
import { agrees, rowwise, softmaxRow } from "./agrees.js";

const test = deviceTests();

/** a[m, k] b[k, n] in float64. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let p = 0; p < k; p++) out[i * n + j] += a[i * k + p] * b[p * n + j];
  return out;
}

const flip = (a: ArrayLike<number>, rows: number, columns: number): Float64Array =>
  Float64Array.from({ length: rows * columns }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]);

test("products, in every transposition, batched and broadcast", async (device) => {
  const [m, k, n] = [3, 5, 2];
  for (const transposeA of [false, true])
    for (const transposeB of [false, true])
      await agrees(
        device,
        (a, b) => matmul(a, b, { transposeA, transposeB, scale: 0.7 }),
        [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]],
        (a, b) =>
          product(transposeA ? flip(a, k, m) : a, transposeB ? flip(b, n, k) : b, m, k, n).map(
            (v) => 0.7 * v,
          ),
      );
  await agrees(
    device,
    (a, b) => matmul(a, b),
    [
      [2, 2, 3],
      [3, 2],
    ],
    (a, b) => product(a, b, 4, 3, 2),
  );
  await agrees(
    device,
    (a, b) => matmul(a, b),
    [
      [1, 2, 3],
      [2, 3, 2],
    ],
    (a, b) => [...product(a, b.subarray(0, 6), 2, 3, 2), ...product(a, b.subarray(6), 2, 3, 2)],
  );
});

test("what a product fuses has its gradients too", async (device) => {
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  await agrees(
    device,
    (a, b, bias, residual) => matmul(a, b, { bias, activation: "quick_gelu", residual }),
    [[2, 3], [3, 2], [2], [2, 2]],
    (a, b, bias, residual) =>
      product(a, b, 2, 3, 2).map((v, i) => {
        const x = v + bias[i % 2];
        return x * sigmoid(1.702 * x) + residual[i];
      }),
  );
});

test("norms", async (device) => {
  const normed = (row: number[], eps: number) => {
    const m = row.reduce((a, b) => a + b, 0) / row.length;
    const v = row.reduce((a, b) => a + (b - m) ** 2, 0) / row.length;
    return row.map((x) => (x - m) / Math.sqrt(v + eps));
  };
  await agrees(
    device,
    (x, weight, bias) => layerNorm(x, { weight, bias, eps: 1e-3 }),
    [[2, 2, 4], [4], [4]],
    (x, weight, bias) => rowwise(x, 4, (row) => normed(row, 1e-3).map((v, i) => v * weight[i] + bias[i])),
  );
  await agrees(
    device,
    (x) => layerNorm(x),
    [[3, 3]],
    (x) => rowwise(x, 3, (row) => normed(row, 1e-5)),
  );
  await agrees(
    device,
    (x) => normalize(x),
    [[2, 3]],
    (x) => rowwise(x, 3, (row) => row.map((v) => v / Math.hypot(...row))),
  );
  await agrees(
    device,
    (x, mu, weight, bias) => batchNorm(x, { mean: mu, variance: tensor(device, [0.5, 2]), weight, bias }),
    [[3, 2], [2], [2], [2]],
    (x, mu, weight, bias) =>
      x.map((v, i) => ((v - mu[i % 2]) / Math.sqrt([0.5, 2][i % 2] + 1e-5)) * weight[i % 2] + bias[i % 2]),
  );
});

/** softmax(scale q k^T, hidden) v for one head, in float64. */
function attended(q: Float64Array, k: Float64Array, v: Float64Array, t: number, d: number, causal: boolean) {
  const out: number[] = [];
  for (let i = 0; i < t; i++) {
    const scores = Array.from({ length: t }, (_, j) => {
      let dot = 0;
      for (let e = 0; e < d; e++) dot += q[i * d + e] * k[j * d + e];
      return causal && j > i ? Number.NEGATIVE_INFINITY : dot / Math.sqrt(d);
    });
    const weights = softmaxRow(scores);
    for (let e = 0; e < d; e++) out.push(weights.reduce((a, w, j) => a + w * v[j * d + e], 0));
  }
  return out;
}

test("attention, full and causal, and on a fused projection", async (device) => {
  const [t, d] = [4, 3];
  for (const causal of [false, true])
    await agrees(
      device,
      (q, k, v) => attention(q, k, v, { causal }),
      [
        [1, t, d],
        [1, t, d],
        [1, t, d],
      ],
      (q, k, v) => attended(q, k, v, t, d, causal),
    );
  await agrees(
    device,
    (x) => selfAttention(x, 1),
    [[1, t, 3 * d]],
    (x) => {
      const part = (i: number) =>
        Float64Array.from({ length: t * d }, (_, at) => x[Math.floor(at / d) * 3 * d + i * d + (at % d)]);
      return attended(part(0), part(1), part(2), t, d, false);
    },
  );
});

test("nearest sends gradients through the chosen pair", async (device) => {
  const d = 3;
  const cosines = (q: Float64Array, bank: Float64Array) =>
    rowwise(q, d, (row) => {
      const all = rowwise(bank, d, (other) => [
        row.reduce((a, v, i) => a + v * other[i], 0) / Math.hypot(...row) / Math.hypot(...other),
      ]);
      return [Math.max(...all)];
    });
  await agrees(
    device,
    (q, b) => nearest(q, b).similarity,
    [
      [4, d],
      [5, d],
    ],
    cosines,
  );
  await agrees(
    device,
    (q, b) => nearest(q, b).similarity,
    [
      [2, 2, d],
      [2, 3, d],
    ],
    (q, b) => [...cosines(q.subarray(0, 6), b.subarray(0, 9)), ...cosines(q.subarray(6), b.subarray(9))],
  );
});

test.run();
