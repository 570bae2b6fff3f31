import * as assert from "uvu/assert";
import { add, full, tensor, zeros } from "../../src/index.js";
import { deviceTests } from "../support.js";

const test = deviceTests();

test("values asked for in one turn are each tensor's own, whatever their sizes and order", async (device) => {
  // From one value to more than a kept buffer holds; the largest is read between the small ones.
  const sizes = [1, 3, 70_000, 5, 1_200_000, 2, 16_384, 7];
  const tensors = sizes.map((size, i) => full(device, [size], i + 0.5));
  const read = await Promise.all(tensors.map((each) => each.data()));
  for (const [i, values] of read.entries()) {
    assert.is(values.length, sizes[i]);
    assert.ok(values.every((value) => value === i + 0.5));
  }
  for (const each of tensors) each.dispose();
});

test("a value is what it was when it was asked for", async (device) => {
  const x = tensor(device, [1, 2, 3]);
  const asked = x.data();
  x.dispose();
  // Takes the memory that was given back, in the same turn.
  const y = zeros(device, [3]);
  const z = add(y, 9);
  assert.equal([...(await asked)], [1, 2, 3]);
  assert.equal([...(await z.data())], [9, 9, 9]);
  y.dispose();
  z.dispose();
});

test("reads of later turns wait for no earlier one, and reuse its buffer", async (device) => {
  const x = tensor(device, [4, 5]);
  for (let i = 0; i < 20; i++) assert.equal([...(await x.data())], [4, 5]);
  const first = x.data();
  await Promise.resolve();
  await Promise.resolve();
  const second = x.data();
  assert.equal([...(await first)], [...(await second)]);
  x.dispose();
});

test.run();
