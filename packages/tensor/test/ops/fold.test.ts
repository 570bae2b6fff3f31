import * as assert from "uvu/assert";
import { type Activation, foldLayerNorm, matmul, scope, type Tensor, tensor } from "../../src/index.js";
import { quickGelu } from "../../src/ops/activations.js";
import { close, deviceTests, FAMILIES, random, throwsCode, valuesOf } from "../support.js";

const test = deviceTests(FAMILIES);

interface Layers {
  readonly x: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly norm: { readonly weight: Float32Array; readonly bias: Float32Array };
}

function layers(rows: number, inputs: number, outputs: number, low = -3, high = 5): Layers {
  return {
    x: random(1, rows * inputs, low, high),
    inputs,
    outputs,
    weight: random(2, outputs * inputs),
    bias: random(3, outputs),
    norm: { weight: random(4, inputs, 0.2, 2), bias: random(5, inputs) },
  };
}

/** A layer norm and a linear layer one after the other, in float64. */
function reference({ x, inputs, outputs, weight, bias, norm }: Layers, eps: number): Float64Array {
  const rows = x.length / inputs;
  const out = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    const row = [...x.subarray(r * inputs, (r + 1) * inputs)];
    const mean = row.reduce((a, b) => a + b, 0) / inputs;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / inputs;
    const normed = row.map(
      (v, k) => ((v - mean) / Math.sqrt(variance + eps)) * norm.weight[k] + norm.bias[k],
    );
    for (let n = 0; n < outputs; n++)
      out[r * outputs + n] = normed.reduce((sum, v, k) => sum + v * weight[n * inputs + k], bias[n]);
  }
  return out;
}

/** The same by one product. */
function folded(
  x: Tensor,
  { inputs, outputs, weight, bias, norm }: Layers,
  options: { eps?: number; activation?: Activation; residual?: Tensor } = {},
): Tensor {
  const { device } = x;
  return scope(() => {
    const after = foldLayerNorm(tensor(device, weight, [outputs, inputs]), tensor(device, bias), {
      weight: tensor(device, norm.weight),
      bias: tensor(device, norm.bias),
    });
    const { eps, ...rest } = options;
    return matmul(x, after.matrix, { layerNorm: { eps }, bias: after.bias, ...rest });
  });
}

test("a folded layer norm and its linear layer equal one after the other", async (device) => {
  for (const [rows, inputs, outputs] of [
    [1, 8, 4],
    [3, 7, 5],
    [9, 2, 33],
    [29, 72, 70],
    [61, 45, 64],
    [40, 192, 100],
    [5, 896, 36],
  ]) {
    const all = layers(rows, inputs, outputs);
    const got = await valuesOf(() => folded(tensor(device, all.x, [rows, inputs]), all));
    // Rounding of sums of as many terms.
    close(got, reference(all, 1e-5), 2.5e-6 * Math.sqrt(inputs));
  }
});

test("leading axes, an activation, a residual and another eps go with it", async (device) => {
  const [rows, inputs, outputs] = [2 * 13, 24, 40];
  const all = layers(rows, inputs, outputs);
  const residual = random(9, rows * outputs);
  const got = await valuesOf(() =>
    folded(tensor(device, all.x, [2, 13, inputs]), all, {
      eps: 0.5,
      activation: "quick_gelu",
      residual: tensor(device, residual, [2, 13, outputs]),
    }),
  );
  const activate = (x: number) => quickGelu.row.reference(x, 0, 0);
  close(
    got,
    reference(all, 0.5).map((v, i) => activate(v) + residual[i]),
    { abs: 1e-5, rel: 1e-5 },
  );
});

test("a large mean costs few digits, and equal values none", async (device) => {
  const far = layers(7, 96, 20, 1000, 1001);
  const got = await valuesOf(() => folded(tensor(device, far.x, [7, 96]), far));
  close(got, reference(far, 1e-5), 3e-3);
  const flat = { ...far, x: new Float32Array(7 * 96).fill(3) };
  close(await valuesOf(() => folded(tensor(device, flat.x, [7, 96]), flat)), reference(flat, 1e-5), 1e-3);
});

test("a row has the same bits in whatever company, though tiles differ", async (device) => {
  const [rows, inputs, outputs] = [2048, 40, 768];
  const all = layers(rows, inputs, outputs);
  const some = { ...all, x: all.x.subarray(0, 20 * inputs) };
  const [many, few] = [
    await valuesOf(() => folded(tensor(device, all.x, [rows, inputs]), all)),
    await valuesOf(() => folded(tensor(device, some.x, [20, inputs]), some)),
  ];
  assert.equal(many.slice(0, few.length), few);
});

test("any other right operand takes rows that were normalised before", async (device) => {
  const all = {
    ...layers(6, 10, 12),
    norm: { weight: new Float32Array(10).fill(1), bias: new Float32Array(10) },
  };
  const options = { transposeB: true, layerNorm: {}, bias: tensor(device, all.bias) };
  const got = await valuesOf(() =>
    matmul(tensor(device, all.x, [6, 10]), tensor(device, all.weight, [12, 10]), options),
  );
  options.bias.dispose();
  close(got, reference(all, 1e-5), 1e-5);
});

test("shapes that do not fit are refused", async (device) => {
  const [w, b, h] = [
    tensor(device, random(1, 12), [3, 4]),
    tensor(device, [1, 2, 3]),
    tensor(device, [1, 2, 3, 4]),
  ];
  await throwsCode(
    () => foldLayerNorm(w, h, { weight: h, bias: h }),
    "shape",
    /weight is \[3, 4\], bias \[4\].*must be \[outputs, inputs\]/,
  );
  await throwsCode(() => foldLayerNorm(w, b, { weight: h, bias: b }), "shape", /\[4\] and \[3\]/);
  const { matrix, bias } = foldLayerNorm(w, b, { weight: h, bias: h });
  assert.ok(matrix.centred);
  for (const made of [w, b, h, matrix, bias]) made.dispose();
});

test.run();
