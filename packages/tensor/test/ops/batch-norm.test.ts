import * as assert from "uvu/assert";
import { cast, ones, scope, tensor } from "../../src/index.js";
import { batchNorm } from "../../src/ops/batch-norm.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import { close, deviceTests, random, throwsCode } from "../support.js";

const test = deviceTests();

function reference(
  x: ArrayLike<number>,
  shape: Shape,
  parts: { mean: Float32Array; variance: Float32Array; weight?: Float32Array; bias?: Float32Array },
  eps: number,
): number[] {
  const inner = sizeOf(shape.slice(2));
  return Array.from(x, (v, i) => {
    const c = Math.floor(i / inner) % shape[1];
    const unit = (v - parts.mean[c]) / Math.sqrt(parts.variance[c] + eps);
    return unit * (parts.weight?.[c] ?? 1) + (parts.bias?.[c] ?? 0);
  });
}

test("batchNorm equals a plain loop", async (device) => {
  const shapes: Shape[] = [
    [5, 7],
    [2, 3, 4, 5],
    [1, 1, 1],
    [3, 2, 9],
    [0, 3, 2],
    [2, 0, 2],
    [2, 3, 0],
    [1, 4, 2, 3, 2, 2],
  ];
  for (const shape of shapes) {
    const c = shape[1];
    const values = random(1, sizeOf(shape), -4, 4);
    const stats = { mean: random(2, c), variance: random(3, c, 0, 2) };
    const affine = { weight: random(4, c), bias: random(5, c) };
    for (const parts of [
      stats,
      { ...stats, ...affine },
      { ...stats, bias: affine.bias },
      { ...stats, weight: affine.weight },
    ]) {
      for (const eps of [undefined, 0.1]) {
        const out = scope(() =>
          batchNorm(tensor(device, values, shape), {
            mean: tensor(device, parts.mean),
            variance: tensor(device, parts.variance),
            ...("weight" in parts ? { weight: tensor(device, parts.weight) } : {}),
            ...("bias" in parts ? { bias: tensor(device, parts.bias) } : {}),
            eps,
          }),
        );
        assert.equal(out.shape, shape);
        close(
          await out.data(),
          reference(values, shape, parts, eps ?? 1e-5),
          { abs: 1e-6, rel: 2e-6 },
          `${shape}`,
        );
        out.dispose();
      }
    }
  }
});

test("batchNorm widens float16 and refuses what does not fit", async (device) => {
  const [mean, variance, two] = [ones(device, [3]), ones(device, [3]), ones(device, [2])];
  const x = scope(() => cast(tensor(device, [1, 3, 5], [1, 3]), "float16"));
  const out = batchNorm(x, { mean, variance, eps: 0 });
  close(await out.data(), [0, 2, 4], 1e-6);
  await throwsCode(() => batchNorm(x, { mean: two, variance }), "shape", /mean is \[2\] and must be \[3\]/);
  await throwsCode(() => batchNorm(x, { mean, variance, bias: two }), "shape", /bias is/);
  await throwsCode(() => batchNorm(mean, { mean, variance }), "shape", /batch axis/);
  for (const t of [mean, variance, two, x, out]) t.dispose();
});

test.run();
