import { grad } from "../../src/autograd/grad.js";
import { tensor } from "../../src/create.js";
import { norm, std } from "../../src/ops/norms.js";
import { close, deviceTests, FAMILIES, throwsCode, valuesOf } from "../support.js";
import { floats, given, holds } from "./holds.js";

const test = deviceTests(FAMILIES);

test("std agrees with its reference at any axes", async (device) => {
  await holds(device, std, [floats([2, 3, 4])]);
  await holds(device, std, [floats([2, 3, 4]), [0, 2], { correction: 0, keepDims: true }]);
  await holds(device, std, [floats([65]), 0]);
  await holds(device, std, [floats([1]), 0], { gradient: false });
  await holds(device, std, [given([1, Number.NaN, 3, 4], [2, 2]), 1], { gradient: false });
});

test("norm agrees with its reference for any order", async (device) => {
  for (const order of [1, 2, 3, 0.5, Number.POSITIVE_INFINITY]) {
    for (const axes of [undefined, 0, [-1, 0]]) {
      await holds(device, norm, [floats([3, 2, 4], 5, 0.5, 2), axes, { order }]);
    }
  }
  await holds(device, norm, [floats([2, 65]), -1, { keepDims: true }]);
  await holds(device, norm, [floats([2, 0]), 1]);
  await holds(device, norm, [given([Number.NaN, 1], [2])], { gradient: false });
});

test("where they are 0, their gradients are 0", async (device) => {
  await holds(device, std, [given([2, 2, 1, 5], [2, 2]), 1], { gradient: false });
  const zeros = tensor(device, [0, 0]);
  for (const order of [1, 2, 3]) {
    close(
      await valuesOf(() => grad((x: typeof zeros) => norm(x, 0, { order }))(zeros)),
      [0, 0],
      0,
      `${order}`,
    );
  }
  close(await valuesOf(() => grad((x: typeof zeros) => std(x))(zeros)), [0, 0], 0);
  zeros.dispose();
});

test("an order of 0 and other types are named", async (device) => {
  const x = tensor(device, Int32Array.of(1, 2));
  await throwsCode(() => norm(x), "dtype", /norm: x is int32/);
  await throwsCode(() => norm(x, 0, { order: 0 }), "argument", /order 0 must be above 0/);
  x.dispose();
});

test.run();
