import { test } from "uvu";
import * as assert from "uvu/assert";
import { Pace } from "../../src/device/pace.js";
import { matmul, measureGemm, measurePace, ones, scope } from "../../src/index.js";
import { rawDevice } from "./raw-device.js";

test("a GPU takes a fifth of a second's arithmetic at once, and a software adapter any amount", () => {
  const pace = new Pace(false);
  assert.is(pace.flop, 4e9, "20 GFLOP/s until more is measured");
  pace.learn(1e9, 1);
  assert.is(pace.flop, 4e9, "slower ones change nothing");
  for (const nonsense of [0, Number.NaN]) pace.learn(1e9, nonsense);
  assert.is(pace.flop, 4e9);
  pace.learn(1e12, 0.1);
  assert.is(pace.flop, 2e12);
  const software = new Pace(true);
  software.learn(1e9, 1);
  assert.is(software.flop, Number.POSITIVE_INFINITY);
});

test("commands are submitted before their arithmetic is too much, and give the same values", async () => {
  const submitsOf = async (software: boolean) => {
    const { device, errors } = await rawDevice({ software });
    // A product of 32 x 32 x 32 is 65,536 operations: three fit.
    if (!software) Object.defineProperty(device.pace, "flop", { value: 200_000 });
    const a = ones(device, [32, 32]);
    device.flush();
    const before = device.stats.submits;
    const products = scope(() => Array.from({ length: 7 }, () => matmul(a, a)));
    const recorded = device.stats.submits - before;
    for (const product of products) assert.ok((await product.data()).every((value) => value === 32));
    assert.equal(errors, []);
    device.close();
    return recorded;
  };
  assert.is(await submitsOf(true), 0);
  assert.is(await submitsOf(false), 2, "after three and after six");
});

test("the pace is measured once, and the rate of products with what it allows", async () => {
  const { device } = await rawDevice({ software: false });
  // As on a fast GPU, but with the processor's patience.
  await measurePace(device);
  assert.is(device.pace.measured, true);
  const { dispatches } = device.stats;
  await measurePace(device);
  assert.is(device.stats.dispatches, dispatches, "nothing runs again");
  const { shape, gflops } = await measureGemm(device, 1);
  assert.equal(shape.slice(1), [896, 3584]);
  assert.ok(
    2 * shape[0] * shape[1] * shape[2] <= Math.max(device.pace.flop, 2 * 226 * 896 * 3584),
    `${shape}`,
  );
  assert.ok(gflops > 0);
  device.close();
});

test.run();
