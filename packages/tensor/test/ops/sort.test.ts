import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import { SORT_BLOCK } from "../../src/kernels/sort.js";
import { sort } from "../../src/ops/sort.js";
import { close, deviceTests, generator } from "../support.js";
import { floats, given, holds } from "./holds.js";

// The kernel is the same in all families; definitions.test.ts runs it on each.
const test = deviceTests();

test("agrees with a stable sort at sizes around a block, along any axis", async (device) => {
  for (const n of [0, 1, 2, 3, 5, 64, SORT_BLOCK - 1, SORT_BLOCK, SORT_BLOCK + 1]) {
    await holds(device, sort, [floats([2, n])], { tolerance: 0, gradient: n < 9 });
    await holds(device, sort, [floats([n], n + 7), 0, { descending: true }], {
      tolerance: 0,
      gradient: false,
    });
  }
  await holds(device, sort, [floats([3, 4, 2]), 1, { descending: true }], { tolerance: 0 });
});

test("rows longer than a block are merged", async (device) => {
  const next = generator(3);
  const [rows, n] = [2, 5_000];
  // Few values, so that equal ones must keep their order.
  const values = Int32Array.from({ length: rows * n }, () => Math.floor(next() * 50) - 25);
  const x = tensor(device, values, [rows, n]);
  const { values: sorted, indices } = sort(x);
  const got = await indices.data();
  const want = Array.from({ length: rows }, (_, row) => {
    const own = values.subarray(row * n, (row + 1) * n);
    return [...own.keys()].sort((a, b) => own[a] - own[b] || a - b);
  }).flat();
  assert.is(sorted.dtype, "int32");
  close(got, want, 0, "indices");
  close(
    await sorted.data(),
    want.map((place, i) => values[Math.floor(i / n) * n + place]),
    0,
    "values",
  );
  for (const t of [x, sorted, indices]) t.dispose();
});

test("NaN is the largest, 0 and -0 are equal, infinities have their places", async (device) => {
  const x = given([0, Number.NaN, -0, Infinity, -Infinity, 1, Number.NaN, -1], [8]);
  for (const descending of [false, true]) {
    await holds(device, sort, [x, 0, { descending }], { tolerance: 0, gradient: false });
  }
  await holds(device, sort, [given([3, 2 ** 32 - 1, 0, 3], [4], "uint32")], { tolerance: 0 });
});

test.run();
