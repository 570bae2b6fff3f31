import { tensor } from "../../src/create.js";
import { adaptiveAvgPool2d, adaptiveMaxPool2d, avgPool2d, maxPool2d } from "../../src/ops/pool.js";
import { deviceTests, throwsCode } from "../support.js";
import { floats, given, holds } from "./holds.js";

// The kernel is the same in all families; definitions.test.ts runs it on each.
const test = deviceTests();

test("windows agree with plain loops for any size, stride and padding", async (device) => {
  const cases: [number[], number | [number, number], object][] = [
    [[1, 1], 1, {}],
    [[2, 2, 4, 6], 2, {}],
    [[1, 5, 5], 3, { stride: 2, padding: 1 }],
    [[1, 7, 4], [3, 2], { stride: [1, 3], padding: [1, 0] }],
    [[2, 6, 6], 2, { stride: 3 }],
    [[0, 3, 3], 2, {}],
    [[1, 1, 2, 3], 2, { padding: 1, stride: 1 }],
    [[2, 4, 3, 5], [3, 2], { stride: [2, 1], padding: [1, 0], channelsLast: true }],
  ];
  for (const [shape, size, options] of cases) {
    await holds(device, maxPool2d, [floats(shape), size, options]);
    await holds(device, avgPool2d, [floats(shape), size, options]);
    await holds(device, avgPool2d, [floats(shape), size, { ...options, countPadding: false }]);
  }
  await holds(device, maxPool2d, [floats([3, 65, 63]), 3, { stride: 2, padding: 1 }], { gradient: false });
});

test("adaptive shares agree with plain loops, also where they overlap or grow", async (device) => {
  for (const [shape, size] of [
    [[1, 1], 1],
    [
      [2, 5, 7],
      [3, 2],
    ],
    [[4, 4], 4],
    [
      [1, 2, 3],
      [5, 4],
    ],
    [[2, 1, 6, 6], 1],
  ] as [number[], number | [number, number]][]) {
    await holds(device, adaptiveAvgPool2d, [floats(shape), size]);
    await holds(device, adaptiveMaxPool2d, [floats(shape), size]);
  }
});

test("NaN is the largest of its window, and makes its mean NaN", async (device) => {
  const x = given([1, Number.NaN, 3, 4, 5, -Infinity, Infinity, 8], [2, 4]);
  for (const op of [maxPool2d, avgPool2d, adaptiveMaxPool2d, adaptiveAvgPool2d]) {
    await holds(device, op, [x, [2, 2]], { gradient: false });
  }
  await holds(device, maxPool2d, [given(new Float32Array(4).fill(-Infinity), [2, 2]), 2], {
    gradient: false,
  });
});

test("windows that do not fit are named", async (device) => {
  const [row, x] = [tensor(device, [1, 2]), tensor(device, [[1, 2]])];
  await throwsCode(() => maxPool2d(row, 1), "shape", /maxPool2d: \[2\] is no image/);
  await throwsCode(() => maxPool2d(x, 2), "shape", /a window of 2 x 2 does not fit into an image of 1 x 2/);
  await throwsCode(() => avgPool2d(x, 1, { padding: 1 }), "argument", /padding 1,1 must be at most half/);
  await throwsCode(() => avgPool2d(x, 0.5), "argument", /must be a whole number/);
  await throwsCode(() => adaptiveAvgPool2d(x, 0), "argument", /whole number from 1/);
  row.dispose();
  x.dispose();
});

test.run();
