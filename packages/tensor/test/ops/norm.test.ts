import { layerNorm, normalize, tensor } from "../../src/index.js";
import { close, deviceTests, FAMILIES, random, throwsCode, valuesOf } from "../support.js";

const test = deviceTests(FAMILIES);

function reference(x: Float32Array, n: number, eps: number, weight?: Float32Array, bias?: Float32Array) {
  const out = new Float64Array(x.length);
  for (let base = 0; base < x.length; base += n) {
    const row = [...x.subarray(base, base + n)];
    const mean = row.reduce((a, b) => a + b, 0) / n;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    row.forEach((v, i) => {
      out[base + i] = ((v - mean) / Math.sqrt(variance + eps)) * (weight?.[i] ?? 1) + (bias?.[i] ?? 0);
    });
  }
  return out;
}

test("layerNorm equals its definition, with and without weight and bias", async (device) => {
  for (const [rows, n] of [
    [1, 1],
    [3, 7],
    [65, 130],
    [9, 4],
    [5, 20],
    [7, 192],
    [2, 896],
  ]) {
    const x = random(rows, rows * n, -3, 5);
    const [weight, bias] = [random(2, n), random(3, n)];
    const plain = await valuesOf(() => layerNorm(tensor(device, x, [rows, n])));
    close(plain, reference(x, n, 1e-5), 5e-6);
    const affine = await valuesOf(() =>
      layerNorm(tensor(device, x, [rows, n]), {
        weight: tensor(device, weight),
        bias: tensor(device, bias),
        eps: 1e-6,
      }),
    );
    close(affine, reference(x, n, 1e-6, weight, bias), n === 1 ? 1e-6 : 5e-6);
  }
});

test("layerNorm keeps its digits where the mean is large", async (device) => {
  const x = random(4, 200, 1000, 1001);
  close(await valuesOf(() => layerNorm(tensor(device, x, [2, 100]))), reference(x, 100, 1e-5), 1e-3);
});

test("normalize gives rows of length one and leaves zero rows", async (device) => {
  const got = await valuesOf(() =>
    normalize(
      tensor(device, [
        [3, 4],
        [0, 0],
        [-2, 0],
      ]),
    ),
  );
  close(got, [0.6, 0.8, 0, 0, -1, 0], 1e-6);
});

test("an empty batch stays empty; wrong weights are refused", async (device) => {
  close(await valuesOf(() => layerNorm(tensor(device, new Float32Array(0), [0, 4]))), [], 0);
  const x = tensor(device, new Float32Array(8), [2, 4]);
  const weight = tensor(device, new Float32Array(3));
  await throwsCode(() => layerNorm(x, { weight }), "shape", /weight is \[3\] and must be \[4\]/);
  x.dispose();
  weight.dispose();
});

test.run();
