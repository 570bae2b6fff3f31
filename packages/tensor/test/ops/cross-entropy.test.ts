import { tensor } from "../../src/create.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { deviceTests, FAMILIES, throwsCode } from "../support.js";
import { floats, given, holds } from "./holds.js";

const test = deviceTests(FAMILIES);

test("agrees with its reference for any reduction", async (device) => {
  for (const reduction of ["mean", "sum", "none"]) {
    const options = { reduction };
    await holds(device, crossEntropy, [floats([4, 3]), given([0, 2, 1, 1], [4], "int32"), options]);
    await holds(device, crossEntropy, [floats([2, 2, 65]), given([0, 64, 3, 7], [2, 2], "uint32"), options]);
    await holds(device, crossEntropy, [floats([3, 2]), given([1, -1, 5], [3], "int32"), options]);
    await holds(device, crossEntropy, [floats([5]), given([4], [], "int32"), options]);
  }
  await holds(device, crossEntropy, [floats([0, 3]), given([], [0], "int32"), { reduction: "sum" }]);
});

test("logits that a float's exponential does not hold have finite losses; NaN stays in its row", async (device) => {
  const targets = given([0, 1], [2], "int32");
  const options = { reduction: "none" };
  await holds(device, crossEntropy, [given([1000, -1000, 1000, -1000], [2, 2]), targets, options]);
  const nan = given([Number.NaN, 1, 2, 3], [2, 2]);
  await holds(device, crossEntropy, [nan, targets, options], { gradient: false });
});

test("shapes, types and reductions that do not fit are named", async (device) => {
  const [x, labels] = [tensor(device, [[1, 2]]), tensor(device, Int32Array.of(0, 1))];
  await throwsCode(() => crossEntropy(x, labels), "shape", /logits \[1, 2\] and targets \[2\] do not fit/);
  const one = tensor(device, [1]);
  await throwsCode(() => crossEntropy(x, one), "dtype", /targets is float32/);
  const reduction = "median" as "mean";
  await throwsCode(() => crossEntropy(x, one, { reduction }), "argument", /reduction "median"/);
  for (const t of [x, labels, one]) t.dispose();
});

test.run();
