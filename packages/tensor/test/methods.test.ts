import * as assert from "uvu/assert";
import "../src/methods.js";
import { grad } from "../src/autograd/grad.js";
import { eye, tensor } from "../src/index.js";
import { scope } from "../src/scope.js";
import type { Tensor } from "../src/tensor.js";
import { close, deviceTests, throwsCode, valuesOf } from "./support.js";

const test = deviceTests();

test("chains read from left to right", async (device) => {
  const x = tensor(device, [
    [1, -2],
    [3, 4],
  ]);
  const y = await valuesOf(() => x.add(1).matmul(eye(device, 2)).relu().sum(-1));
  close(y, [2, 9], 1e-6);
  const { indices, values } = scope(() => x.sort(-1));
  close(await indices.data(), [1, 0, 0, 1], 0);
  close(await values.data(), [-2, 1, 3, 4], 0);
  const whole: Int32Array = await valuesOf(() => x.cast("int32"));
  close(whole, [1, -2, 3, 4], 0);
  for (const t of [x, indices, values]) t.dispose();
});

test("gradients flow, and errors are those of the function", async (device) => {
  const x = tensor(device, [1, 2]);
  close(await valuesOf(() => grad((v: Tensor) => v.square().sum())(x)), [2, 4], 1e-6);
  await throwsCode(() => x.matmul(x), "shape", /matmul/);
  x.dispose();
});

test("methods do not show up among a tensor's own properties", (device) => {
  const x = tensor(device, [1]);
  assert.not.ok(Object.keys(x).includes("add"));
  const seen: string[] = [];
  for (const key in x) seen.push(key);
  assert.not.ok(seen.includes("add"));
  x.dispose();
});

test.run();
