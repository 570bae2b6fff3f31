import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import { planScan } from "../../src/kernels/scan.js";
import { cumsum, prod } from "../../src/ops/scan.js";
import { sizeOf } from "../../src/shape.js";
import { deviceTests, throwsCode } from "../support.js";
import { floats, given, holds } from "./holds.js";

// The kernel is the same in all families; definitions.test.ts runs it on each.
const test = deviceTests();
const NAN = Number.NaN;

test("cumsum and prod agree with plain loops at sizes around a part", async (device) => {
  for (const n of [0, 1, 2, 3, 31, 32, 33, 65]) {
    await holds(device, cumsum, [floats([n])]);
    await holds(device, prod, [floats([n], n, 0.5, 1.5)]);
    for (const axis of [0, 1, 2]) {
      const shape = [3, 2, 5].with(axis, n);
      await holds(device, cumsum, [floats(shape), axis, { reverse: axis === 1 }]);
      await holds(device, prod, [floats(shape, n, 0.5, 1.5), axis]);
    }
  }
});

test("long lines are cut into parts, and keep their digits", async (device) => {
  for (const shape of [[9_973], [2, 4_099], [4_099, 2]]) {
    const x = floats(shape, 3, 0, 1);
    await holds(device, cumsum, [x, 0], { gradient: false, tolerance: { rel: 2e-6, abs: 1e-6 } });
    const near = floats(shape, 4, 0.999, 1.001);
    await holds(device, prod, [near, 0, { keepDims: true }], { gradient: false });
  }
});

test("prod over several axes, over none and with zeros has exact gradients", async (device) => {
  await holds(device, prod, [floats([2, 3, 4]), [0, 2]]);
  await holds(device, prod, [floats([2, 3]), []]);
  await holds(device, prod, [given([2, 0, 3, 4, 0, 0], [2, 3]), -1]);
  await holds(device, prod, [floats([])]);
});

test("whole numbers wrap, NaN goes on from where it is", async (device) => {
  await holds(device, cumsum, [given([1, -2, 3], [3], "int32")]);
  await holds(device, prod, [given([7, 3, 2], [3], "uint32")]);
  const x = [1, 2, NAN, 4, 5, 6];
  await holds(device, cumsum, [given(x, [2, 3])], { gradient: false });
  await holds(device, cumsum, [given(x, [6]), 0, { reverse: true }], { gradient: false });
  await holds(device, prod, [given(x, [2, 3]), 1], { gradient: false });
});

test("plans cut few long lines and leave many short ones whole", () => {
  for (const software of [true, false]) {
    assert.is(planScan(100_000, 64, { software }).parts, 1);
    assert.is(planScan(1, 31, { software }).parts, 1);
    for (const [lines, n] of [
      [1, 1_000_000],
      [7, 5_000],
      [1, 0],
      [0, 8],
    ]) {
      const { parts, chunk } = planScan(lines, n, { software });
      assert.ok(parts * chunk >= n && (parts - 1) * chunk < Math.max(1, n), `${parts} x ${chunk} for ${n}`);
    }
    assert.ok(planScan(1, 1_000_000, { software }).parts >= 256);
  }
});

test("wrong axes and types are named", async (device) => {
  const flags = tensor(device, [true, false]);
  await throwsCode(() => cumsum(flags), "dtype", /cumsum: x is bool/);
  await throwsCode(() => prod(flags, 1), "shape", /prod: axis 1 is outside/);
  assert.is(sizeOf(flags.shape), 2);
  flags.dispose();
});

test.run();
