import { tensor } from "../../src/create.js";
import { gridSample } from "../../src/ops/grid-sample.js";
import { close, deviceTests, throwsCode, valuesOf } from "../support.js";
import { floats, given, holds } from "./holds.js";

// The kernel is the same in all families; definitions.test.ts runs it on each.
const test = deviceTests();

test("agrees with its reference in and outside of the image", async (device) => {
  for (const [image, grid] of [
    [
      [1, 1, 1, 1],
      [1, 1, 1, 2],
    ],
    [
      [2, 3, 4, 5],
      [2, 3, 2, 2],
    ],
    [
      [1, 2, 3, 2],
      [1, 1, 7, 2],
    ],
    [
      [1, 0, 3, 2],
      [1, 2, 2, 2],
    ],
    [
      [1, 2, 3, 3],
      [1, 0, 2, 2],
    ],
  ]) {
    for (const alignCorners of [false, true]) {
      for (const padding of ["zeros", "border", "reflection"]) {
        const options = { alignCorners, padding };
        await holds(device, gridSample, [floats(image, 1), floats(grid, 3, -1.3, 1.3), options]);
      }
    }
  }
  await holds(device, gridSample, [floats([1, 2, 9, 9], 1), floats([1, 33, 3, 2], 2)], { gradient: false });
});

test("pixel centres give the pixels; NaN and far places do not read outside", async (device) => {
  const x = tensor(device, [[[[1, 2]]]]);
  const centres = tensor(device, [[[[-0.5, 0]], [[0.5, 0]]]]);
  close(await valuesOf(() => gridSample(x, centres)), [1, 2], 1e-6);
  x.dispose();
  centres.dispose();
  const far = given([1e30, 0, -Infinity, 0, Number.NaN, 0, 0, Number.NaN], [1, 4, 1, 2]);
  for (const padding of ["zeros", "border", "reflection"]) {
    await holds(device, gridSample, [floats([1, 2, 3, 3]), far, { padding }], { gradient: false });
  }
});

test("shapes and paddings that do not fit are named", async (device) => {
  const x = tensor(device, [[[[1, 2]]]]);
  const grid = tensor(device, [[[[1]]]]);
  await throwsCode(() => gridSample(x, grid), "shape", /grid \[1, 1, 1, 1\]; give \[batch, channels/);
  const padding = "wrap" as "zeros";
  await throwsCode(() => gridSample(x, x, { padding }), "argument", /padding "wrap" must be/);
  x.dispose();
  grid.dispose();
});

test.run();
