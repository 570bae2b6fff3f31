import fc from "fast-check";
import * as assert from "uvu/assert";
import { cast, type DType, ones, scope, tensor } from "../../src/index.js";
import { topk } from "../../src/ops/topk.js";
import { close, deviceTests, random, throwsCode } from "../support.js";

const test = deviceTests(["register", "workgroup"]);

/** Indices of the k best of each row, by a stable sort. */
function sorted(values: ArrayLike<number>, n: number, k: number, largest: boolean): number[] {
  const rank = (v: number) => (Number.isNaN(v) ? Number.POSITIVE_INFINITY : v);
  const order = (a: number, b: number) => {
    if (Number.isNaN(a) !== Number.isNaN(b)) return Number.isNaN(a) ? -1 : 1;
    return rank(a) === rank(b) ? 0 : rank(b) - rank(a);
  };
  const out: number[] = [];
  for (let base = 0; base < values.length; base += n) {
    const row = Array.from({ length: n }, (_, i) => i);
    row.sort((a, b) => (largest ? 1 : -1) * order(values[base + a], values[base + b]) || a - b);
    out.push(...row.slice(0, k));
  }
  return out;
}

test("topk equals a stable sort, ties by the lowest index", async (device) => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 5 }),
    n: fc.integer({ min: 1, max: 150 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    // Few distinct values make many ties.
    spread: fc.constantFrom(1, 3, 1000),
    largest: fc.boolean(),
    dtype: fc.constantFrom<DType>("float32", "float16", "int32", "uint32"),
    seed: fc.nat(1000),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, n, part, spread, largest, dtype, seed }) => {
      const k = Math.max(1, Math.round(part * n));
      const low = dtype === "uint32" ? 0 : -spread;
      const values = Float32Array.from(random(seed, rows * n, low, spread), Math.round);
      const { values: best, indices } = scope(() =>
        topk(tensor(device, values, [rows, n], dtype), k, { largest }),
      );
      assert.equal(best.shape, [rows, k]);
      assert.is(indices.dtype, "int32");
      const want = sorted(values, n, k, largest);
      close(await indices.data(), want, 0, `${rows} x ${n}, k ${k}, ${dtype}`);
      close(
        await best.data(),
        want.map((j, i) => values[Math.floor(i / k) * n + j]),
        0,
      );
      best.dispose();
      indices.dispose();
    }),
    { numRuns: 25, seed: 6 },
  );
});

test("topk orders infinities, zeros of both signs and NaN", async (device) => {
  const x = tensor(device, [
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    -1e-40,
    1e-45,
    -Number.MAX_VALUE,
    3,
    Number.NaN,
  ]);
  for (const [largest, want] of [
    [true, [2, 9, 3, 8]],
    [false, [4, 7]],
  ] as const) {
    const { values, indices } = topk(x, want.length, { largest });
    close(await indices.data(), want, 0);
    values.dispose();
    indices.dispose();
  }
  const zeros = tensor(device, [-0, 0, -0, 0]);
  const { values, indices } = topk(zeros, 4);
  close(await indices.data(), [0, 1, 2, 3], 0);
  for (const t of [x, zeros, values, indices]) t.dispose();
});

test("topk takes whole rows, one value, many rows and integer extremes", async (device) => {
  const many = random(7, 70000 * 2);
  const extremes = Int32Array.of(-2147483648, 2147483647, 0, -1);
  for (const [data, shape, k] of [
    [random(8, 1000), [1000], 1000],
    [random(9, 5), [5, 1], 1],
    [many, [70000, 2], 1],
    [extremes, [4], 4],
    [random(9, 3000), [3, 1000], 64],
  ] as const) {
    const n = shape.at(-1) ?? 1;
    const { values, indices } = scope(() => topk(tensor(device, data, shape), k));
    close(await indices.data(), sorted(data, n, k, true), 0, `${shape}`);
    values.dispose();
    indices.dispose();
  }
});

test("topk of nothing, and what it refuses", async (device) => {
  const [x, scalar, empty] = [ones(device, [2, 3]), ones(device, []), ones(device, [0, 3])];
  for (const [from, k, shape] of [
    [x, 0, [2, 0]],
    [empty, 2, [0, 2]],
  ] as const) {
    const { values, indices } = topk(from, k);
    assert.equal(values.shape, shape);
    assert.is((await indices.data()).length, 0);
    values.dispose();
    indices.dispose();
  }
  await throwsCode(() => topk(x, 4), "argument", /k is 4.*0 <= k <= 3/);
  await throwsCode(() => topk(x, -1), "argument", /k is -1/);
  await throwsCode(() => topk(x, 1.5), "argument", /k is 1.5/);
  await throwsCode(() => topk(scalar, 1), "shape", /scalar/);
  const half = scope(() => cast(x, "float16"));
  const { values, indices } = topk(half, 1);
  assert.is(values.dtype, "float32");
  for (const t of [x, scalar, empty, half, values, indices]) t.dispose();
});

test.run();
