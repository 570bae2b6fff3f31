import * as assert from "uvu/assert";
import {
  attention,
  batchNorm,
  cast,
  clamp,
  concat,
  type Device,
  describeGradcheck,
  expand,
  gather,
  gradcheck,
  greater,
  layerNorm,
  logSoftmax,
  matmul,
  max,
  mean,
  min,
  nearest,
  normalize,
  pad,
  permute,
  reshape,
  type Shape,
  selfAttention,
  slice,
  softmax,
  split,
  squeeze,
  stack,
  sum,
  type Tensor,
  tensor,
  transpose,
  unsqueeze,
  variance,
  where,
} from "../../src/index.js";
import { sizeOf } from "../../src/shape.js";
import { deviceTests, generator } from "../support.js";

const test = deviceTests();

function inputOf(shape: Shape, seed: number, low = -1.5, high = 1.5) {
  const next = generator(seed);
  return { shape, values: Array.from({ length: sizeOf(shape) }, () => low + (high - low) * next()) };
}

async function agrees(
  device: Device,
  f: (...xs: Tensor[]) => Tensor,
  shapes: Shape[],
  reference: (...xs: Float64Array[]) => ArrayLike<number>,
  tolerance = 1e-4,
): Promise<void> {
  const inputs = shapes.map((shape, i) => inputOf(shape, 7 * i + sizeOf(shape)));
  const report = await gradcheck(device, f, inputs, { reference, tolerance });
  assert.ok(report.ok, describeGradcheck(report));
}

/** a[m, k] b[k, n] in float64. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let p = 0; p < k; p++) out[i * n + j] += a[i * k + p] * b[p * n + j];
  return out;
}

const flip = (a: ArrayLike<number>, rows: number, columns: number): Float64Array =>
  Float64Array.from({ length: rows * columns }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]);

/** Applies a function to each row of n values. */
const rowwise = (x: Float64Array, n: number, f: (row: number[]) => number[]): number[] =>
  Array.from({ length: x.length / n }, (_, i) => f([...x.subarray(i * n, (i + 1) * n)])).flat();

const softmaxRow = (row: number[]): number[] => {
  const e = row.map((v) => Math.exp(v - Math.max(...row)));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / total);
};

test("ops that move values hand gradients back to where they came from", async (device) => {
  const pick = (indices: number[]) => (x: Float64Array) => indices.map((i) => x[i]);
  await agrees(
    device,
    (x) => reshape(x, [3, 2]),
    [[2, 3]],
    (x) => x,
  );
  await agrees(device, (x) => permute(x, [1, 0]), [[2, 3]], pick([0, 3, 1, 4, 2, 5]));
  await agrees(device, (x) => transpose(x), [[2, 2]], pick([0, 2, 1, 3]));
  await agrees(
    device,
    (x) => squeeze(unsqueeze(x, 0)),
    [[4]],
    (x) => x,
  );
  await agrees(device, (x) => expand(x, [2, 2, 2]), [[2, 1]], pick([0, 0, 1, 1, 0, 0, 1, 1]));
  await agrees(device, (x) => slice(x, [null, [1, 3]]), [[2, 4]], pick([1, 2, 5, 6]));
  await agrees(device, (x) => slice(x, [[0, 7, 3]]), [[8]], pick([0, 3, 6]));
  await agrees(device, (x) => slice(x, [[-2, Number.NEGATIVE_INFINITY, -2]]), [[6]], pick([4, 2, 0]));
  await agrees(device, (x) => slice(x, [[1, 1]]), [[3]], pick([]));
  await agrees(
    device,
    (x) =>
      pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        5,
      ),
    [[1, 2]],
    (x) => [5, 5, 5, 5, x[0], x[1], 5, 5],
  );
  await agrees(
    device,
    (x, y) => concat([x, y], 1),
    [
      [2, 1],
      [2, 2],
    ],
    (x, y) => [x[0], y[0], y[1], x[1], y[2], y[3]],
  );
  await agrees(
    device,
    (x, y) => stack([x, y], 1),
    [[2], [2]],
    (x, y) => [x[0], y[0], x[1], y[1]],
  );
  await agrees(device, (x) => split(x, [1, 2])[1], [[3, 2]], pick([2, 3, 4, 5]));
  await agrees(device, (x) => gather(x, [2, 0, 2]), [[3, 2]], pick([4, 5, 0, 1, 4, 5]));
  await agrees(device, (x) => gather(x, [1, 1], 1), [[2, 2, 1]], pick([1, 1, 3, 3]));
});

test("where and clamp pass the gradient on where they took the value", async (device) => {
  await agrees(
    device,
    (x, y) => where(greater(x, 0), x, y),
    [[6], [6]],
    (x, y) => x.map((v, i) => (v > 0 ? v : y[i])),
  );
  await agrees(
    device,
    (x) => clamp(x, -0.5, 0.5),
    [[9]],
    (x) => x.map((v) => Math.min(Math.max(v, -0.5), 0.5)),
  );
});

test("reductions, over any axes", async (device) => {
  const total = (row: number[]) => row.reduce((a, b) => a + b, 0);
  const spread = (row: number[], correction: number) => {
    const m = total(row) / row.length;
    return row.reduce((a, v) => a + (v - m) ** 2, 0) / (row.length - correction);
  };
  await agrees(
    device,
    (x) => sum(x),
    [[2, 3]],
    (x) => [total([...x])],
  );
  await agrees(
    device,
    (x) => sum(x, 0),
    [[2, 2]],
    (x) => [x[0] + x[2], x[1] + x[3]],
  );
  await agrees(
    device,
    (x) => mean(x, [0, 2], { keepDims: true }),
    [[2, 1, 2]],
    (x) => [total([...x]) / 4],
  );
  await agrees(
    device,
    (x) => variance(x, -1),
    [[2, 4]],
    (x) => rowwise(x, 4, (row) => [spread(row, 1)]),
  );
  await agrees(
    device,
    (x) => variance(x, -1, { correction: 0 }),
    [[1, 3]],
    (x) => [spread([...x], 0)],
  );
  await agrees(
    device,
    (x) => max(x, -1),
    [[3, 4]],
    (x) => rowwise(x, 4, (row) => [Math.max(...row)]),
  );
  await agrees(
    device,
    (x) => min(x, -1),
    [[3, 1]],
    (x) => rowwise(x, 1, (row) => [Math.min(...row)]),
  );
});

test("softmax and its logarithm, along any axis", async (device) => {
  await agrees(
    device,
    (x) => softmax(x),
    [[2, 5]],
    (x) => rowwise(x, 5, softmaxRow),
  );
  await agrees(
    device,
    (x) => softmax(x),
    [[3, 1]],
    (x) => rowwise(x, 1, softmaxRow),
  );
  await agrees(
    device,
    (x) => softmax(x, 0),
    [[4, 1]],
    (x) => softmaxRow([...x]),
  );
  await agrees(
    device,
    (x) => logSoftmax(x),
    [[2, 5]],
    (x) => rowwise(x, 5, (row) => softmaxRow(row).map(Math.log)),
  );
});

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

test("half precision hands float32 gradients back", async (device) => {
  const f = (x: Tensor) => sum(cast(cast(x, "float16"), "float32"));
  const report = await gradcheck(device, f, [{ shape: [3], values: [1, 2, 3] }], {
    reference: (x) => [x[0] + x[1] + x[2]],
  });
  assert.ok(report.ok, describeGradcheck(report));
});

test.run();
