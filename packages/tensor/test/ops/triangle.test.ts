import { tensor } from "../../src/create.js";
import { eye } from "../../src/ops/eye.js";
import { tril, triu } from "../../src/ops/triangle.js";
import { close, deviceTests, throwsCode, valuesOf } from "../support.js";
import { floats, given, holds } from "./holds.js";

// The kernel is the same in all families; definitions.test.ts runs it on each.
const test = deviceTests();

test("triangles agree with plain loops for any diagonal", async (device) => {
  for (const shape of [
    [1, 1],
    [3, 3],
    [2, 3, 5],
    [5, 2],
    [0, 3],
    [3, 0],
    [2, 65, 63],
  ]) {
    for (const diagonal of [0, 1, -2, 9, -9]) {
      const gradient = diagonal === 1 && shape[1] < 9;
      await holds(device, tril, [floats(shape), diagonal], { gradient });
      await holds(device, triu, [floats(shape), diagonal], { gradient });
    }
  }
});

test("what is cut off is 0 also where it was NaN; other types stay", async (device) => {
  await holds(device, tril, [given([1, Number.NaN, 3, Number.NaN], [2, 2])], { gradient: false });
  await holds(device, triu, [given([1, 2, 3, 4], [2, 2], "int32")]);
  await holds(device, triu, [given([1, 1, 1, 1], [2, 2], "bool")]);
});

test("eye has ones on its diagonal", async (device) => {
  close(await valuesOf(() => eye(device, 2)), [1, 0, 0, 1], 0);
  close(await valuesOf(() => eye(device, 2, 3, "int32")), [1, 0, 0, 0, 1, 0], 0);
  close(await valuesOf(() => eye(device, 3, 1)), [1, 0, 0], 0);
  close(await valuesOf(() => eye(device, 0)), [], 0);
  await throwsCode(() => eye(device, -1), "shape", /eye: shape \[-1, -1\]/);
});

test("what is no matrix or diagonal is named", async (device) => {
  const [row, square] = [tensor(device, [1, 2]), tensor(device, [[1]])];
  await throwsCode(() => tril(row), "shape", /tril: \[2\] is no matrix/);
  await throwsCode(() => triu(square, 0.5), "argument", /diagonal 0.5 must be a whole number/);
  row.dispose();
  square.dispose();
});

test.run();
