import { tensor } from "../../src/create.js";
import { scatter } from "../../src/ops/scatter.js";
import { deviceTests, throwsCode } from "../support.js";
import { floats, given, holds } from "./holds.js";

// The kernel is the same in all families; definitions.test.ts runs it on each.
const test = deviceTests();

test("agrees with its reference along any axis; of several picks the last wins", async (device) => {
  const cases: [number[], number[], number[], number][] = [
    [[5], [2], [4, 0], 0],
    [[2, 3], [2, 2], [0, 2, 1, 1], 1],
    [[3, 2], [4, 2], [0, 1, 0, 2, 2, 2, 0, 1], 0],
    [[2, 2, 3], [2, 1, 3], [0, 1, 0, 1, 1, 0], 1],
    [[1], [3], [0, 0, 0], 0],
    [[2], [0], [], 0],
    [[0, 2], [0, 3], [], 1],
    [[4], [3], [-7, 9, 1], 0],
  ];
  for (const [shape, picks, indices, axis] of cases) {
    await holds(device, scatter, [floats(shape, 1), given(indices, picks, "int32"), floats(picks, 2), axis]);
  }
});

test("other types and NaN move as they are", async (device) => {
  const index = given([2, 0], [2], "uint32");
  await holds(device, scatter, [given([1, 2, 3], [3], "int32"), index, given([7, 8], [2], "int32"), 0]);
  await holds(device, scatter, [given([1, 1, 1], [3], "bool"), index, given([0, 1], [2], "bool"), 0]);
  const nan = given([Number.NaN, 1], [2]);
  await holds(device, scatter, [given([5, Number.NaN, 6], [3]), index, nan, 0], { gradient: false });
});

test("shapes and types that do not fit are named", async (device) => {
  const x = tensor(device, [1, 2, 3]);
  const index = tensor(device, Int32Array.of(0, 1));
  const empty = tensor(device, new Float32Array(0));
  await throwsCode(() => scatter(x, index, x), "shape", /indices are \[2\] and values \[3\]/);
  await throwsCode(() => scatter(x, index, index), "dtype", /x is float32 and values int32/);
  await throwsCode(() => scatter(x, x, x), "dtype", /scatter: indices is float32/);
  await throwsCode(() => scatter(empty, index, x), "shape", /indices are \[2\] and values \[3\]/);
  for (const t of [x, index, empty]) t.dispose();
});

test.run();
