import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { ones, tensor } from "../src/create.js";
import { at } from "../src/index.js";
import { reshape } from "../src/ops/shape.js";
import { deviceTests, throwsCode } from "./support.js";

const test = deviceTests();

test("console.log shows type, shape, device and the values that the host has seen", async (device) => {
  const { name } = device.caps;
  const x = tensor(device, [
    [1, 0.1],
    [Number.NaN, -Infinity],
  ]);
  assert.is(inspect(x), `Tensor(float32 [2, 2] on ${name})\n[[1, 0.1],\n [NaN, -Infinity]]`);
  assert.is(String(x), inspect(x));
  assert.match(inspect({ x }), /\[NaN, -Infinity\]/);
  const row = reshape(x, [4]);
  assert.is(inspect(row), `Tensor(float32 [4] on ${name}) [1, 0.1, NaN, -Infinity]`);
  x.dispose();
  assert.match(inspect(x), /, disposed\)/);
  row.dispose();
});

test("what only the GPU knows is shown once it was read, if it is small", async (device) => {
  const small = ones(device, [2], "bool");
  const large = ones(device, [65]);
  assert.is(inspect(small), `Tensor(bool [2] on ${device.caps.name})`);
  (await small.data()).fill(0);
  await large.data();
  assert.is(inspect(small), `Tensor(bool [2] on ${device.caps.name}) [true, true]`);
  assert.is(inspect(large), `Tensor(float32 [65] on ${device.caps.name})`);
  small.dispose();
  large.dispose();
});

test("a tensor is called so in messages, whatever a bundler calls its class", async (device) => {
  const x = ones(device, [2]);
  Object.defineProperty(x, "constructor", { value: class t {} });
  assert.is(Object.prototype.toString.call(x), "[object Tensor]");
  await throwsCode(() => at(x, {} as never), "argument", /do not fit \(Tensor, a plain object\)/);
  x.dispose();
});

test("JSON holds what is printed, and no device", (device) => {
  const x = tensor(device, Int32Array.of(1, 2));
  assert.equal(JSON.parse(JSON.stringify(x)), {
    dtype: "int32",
    shape: [2],
    device: device.caps.name,
    values: [1, 2],
  });
  x.dispose();
});

test("a device prints its name and memory", (device) => {
  assert.match(inspect(device), /^Device\(.+, \d+ tensors, \d+ bytes\)$/);
});

test.run();
