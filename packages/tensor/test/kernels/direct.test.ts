// Products of few rows on GPUs, which need no workgroup memory.
import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { planGemm } from "../../src/kernels/plan.js";
import { gelu } from "../../src/ops/activations.js";
import { conv2dLast } from "../../src/ops/conv-last.js";
import { matmul } from "../../src/ops/matmul.js";
import { packMatrix } from "../../src/ops/packed.js";
import { close, deviceTests, random, valuesOf } from "../support.js";

const test = deviceTests(["workgroup"]);

interface Case {
  batch?: number;
  m: number;
  k: number;
  n: number;
  dtype?: "float32" | "float16";
  fused?: boolean;
}

/** Multiplies `batch` pairs of matrices on the device, and in float64. */
async function agrees(device: Device, c: Case): Promise<void> {
  const { batch = 1, m, k, n, dtype = "float32", fused = false } = c;
  assert.is(planGemm(m, k, n, device.caps, device.tuning, batch, { run: k }).kind, "direct");
  const [x, w] = [random(1, batch * m * k), random(2, batch * n * k)];
  const [bias, residual] = [random(3, n), random(4, batch * m * n)];
  const got = await valuesOf(() =>
    matmul(
      tensor(device, x, [batch, m, k]),
      packMatrix(tensor(device, w, batch > 1 ? [batch, n, k] : [n, k]), { transposed: true, dtype }),
      fused
        ? {
            scale: 0.5,
            bias: tensor(device, bias, [n]),
            activation: "gelu",
            residual: tensor(device, residual, [batch, m, n]),
          }
        : {},
    ),
  );
  const want = Float64Array.from({ length: batch * m * n }, (_, at) => {
    const [b, j] = [Math.floor(at / (m * n)), at % n];
    const [row, column] = [Math.floor(at / n) * k, (b * n + j) * k];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += x[row + i] * w[column + i];
    return fused ? gelu.row.reference(0.5 * sum + bias[j], 0, 0) + residual[at] : sum;
  });
  const abs = dtype === "float16" ? 3e-4 * Math.sqrt(k) : 4e-6 * Math.sqrt(k + 1);
  close(got, want, { abs, rel: 1e-6 }, JSON.stringify(c));
}

// Each combination of options compiles for seconds.
test("1 to 16 rows agree with float64", async (device) => {
  for (let m = 1; m <= 16; m++) await agrees(device, { m, k: 64, n: 60 + 4 * m });
  await agrees(device, { m: 10, k: 640, n: 640 });
});

test("scale, bias, activation and residual are fused, for any number of columns", async (device) => {
  for (const n of [1, 3, 63, 65, 130]) await agrees(device, { m: 5, k: 96, n, fused: true });
});

test("batches of float16 weights agree as well", async (device) => {
  await agrees(device, { m: 10, k: 64, n: 68, dtype: "float16" });
  await agrees(device, { batch: 3, m: 5, k: 32, n: 72, dtype: "float16" });
});

test("a convolution of few places reads its windows", async (device) => {
  const [side, channels, n] = [3, 32, 20];
  const [x, w] = [random(7, side * side * channels), random(8, n * channels * 9)];
  const got = await valuesOf(() =>
    conv2dLast(tensor(device, x, [1, side, side, channels]), tensor(device, w, [n, channels, 3, 3]), {
      padding: 1,
    }),
  );
  const want = Float64Array.from({ length: side * side * n }, (_, at) => {
    const [place, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let ky = 0; ky < 3; ky++)
      for (let kx = 0; kx < 3; kx++) {
        const [y, left] = [Math.floor(place / side) + ky - 1, (place % side) + kx - 1];
        if (y < 0 || y >= side || left < 0 || left >= side) continue;
        for (let c = 0; c < channels; c++)
          sum += x[(y * side + left) * channels + c] * w[((j * channels + c) * 3 + ky) * 3 + kx];
      }
    return sum;
  });
  close(got, want, 4e-6 * Math.sqrt(9 * channels));
});

test("a row has the same bits alone, among eight and among 48", async (device) => {
  const [k, n] = [160, 72];
  const [x, w] = [random(5, 48 * k), random(6, n * k)];
  const rows = (m: number) =>
    valuesOf(() =>
      matmul(
        tensor(device, x.slice(0, m * k), [m, k]),
        packMatrix(tensor(device, w, [n, k]), { transposed: true }),
      ),
    );
  const all = await rows(48);
  for (const m of [1, 8, 16]) assert.equal(await rows(m), all.slice(0, m * n), `${m} rows`);
});

test.run();
