import { tensor } from "../../src/create.js";
import { resizeBilinear } from "../../src/ops/resize.js";
import { close, deviceTests, throwsCode, valuesOf } from "../support.js";
import { floats, given, holds } from "./holds.js";

// The kernel is the same in all families; definitions.test.ts runs it on each.
const test = deviceTests();

test("agrees with its reference where it grows, shrinks and stays, with corners aligned or not", async (device) => {
  const sizes: [number[], [number, number]][] = [
    [
      [1, 1],
      [1, 1],
    ],
    [
      [1, 1],
      [3, 2],
    ],
    [
      [2, 3, 4],
      [3, 4],
    ],
    [
      [2, 2, 3],
      [5, 7],
    ],
    [
      [1, 7, 5],
      [2, 3],
    ],
    [
      [4, 6],
      [1, 1],
    ],
    [
      [1, 2, 9, 2],
      [4, 8],
    ],
    [
      [0, 2, 2],
      [3, 3],
    ],
  ];
  for (const [shape, size] of sizes) {
    for (const alignCorners of [false, true]) {
      await holds(device, resizeBilinear, [floats(shape), size, { alignCorners }]);
    }
  }
  await holds(device, resizeBilinear, [floats([2, 15, 15]), [65, 63]], { gradient: false });
});

test("a ramp stays one, and edges are held", async (device) => {
  const x = tensor(device, [[0, 1, 2]]);
  close(await valuesOf(() => resizeBilinear(x, [1, 6])), [0, 0.25, 0.75, 1.25, 1.75, 2], 1e-6);
  const aligned = valuesOf(() => resizeBilinear(x, [1, 5], { alignCorners: true }));
  close(await aligned, [0, 0.5, 1, 1.5, 2], 1e-6);
  x.dispose();
  await holds(device, resizeBilinear, [given([1, Number.NaN, 2, 3], [2, 2]), [4, 4]], { gradient: false });
});

test("sizes that are none are named", async (device) => {
  const x = tensor(device, [[1]]);
  await throwsCode(() => resizeBilinear(x, [0, 1]), "argument", /size \[0, 1\] must be whole numbers/);
  const row = tensor(device, [1]);
  await throwsCode(() => resizeBilinear(row, [1, 1]), "shape", /\[1\] is no image/);
  x.dispose();
  row.dispose();
});

test.run();
