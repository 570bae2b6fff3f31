import fc from "fast-check";
import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { cast } from "../../src/ops/cast.js";
import { all, any, argmax, argmin, max, mean, min, variance } from "../../src/ops/reduce.js";
import { sum } from "../../src/ops/sum.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import type { Tensor } from "../../src/tensor.js";
import {
  close,
  deviceTests,
  FAMILIES,
  random,
  rowsOver,
  type Tolerance,
  throwsCode,
  valuesOf,
} from "../support.js";

const test = deviceTests(FAMILIES);
const ops = { all, any, argmax, argmin, max, mean, min, sum, variance };

type Fold = (row: number[]) => number;
const average: Fold = (row) => row.reduce((a, b) => a + b, 0) / row.length;
const spread =
  (correction: number): Fold =>
  (row) => {
    const middle = average(row);
    return row.reduce((a, b) => a + (b - middle) ** 2, 0) / (row.length - correction);
  };
/** First index whose value is NaN, else first of the best. */
const best =
  (sign: number): Fold =>
  (row) =>
    row.reduce((at, v, i) => {
      if (Number.isNaN(row[at])) return at;
      return Number.isNaN(v) || sign * v > sign * row[at] ? i : at;
    }, 0);

const FOLDS: Record<string, Fold> = {
  sum: (row) => row.reduce((a, b) => a + b, 0),
  mean: average,
  max: (row) => row[best(1)(row)],
  min: (row) => row[best(-1)(row)],
  argmax: best(1),
  argmin: best(-1),
  variance: spread(1),
};
type Name = "sum" | "mean" | "max" | "min" | "argmax" | "argmin" | "variance";

/** The reduction by plain loops in float64. */
const reference = (values: ArrayLike<number>, shape: Shape, axes: readonly number[], fold: Fold): number[] =>
  rowsOver(values, shape, axes).rows.map(fold);

async function agrees(
  device: Device,
  name: Name,
  shape: Shape,
  axes: number[],
  x: Float32Array,
  tolerance: Tolerance,
) {
  const input = tensor(device, x, shape);
  const axis = name.startsWith("arg") ? axes[0] : axes;
  const got = await valuesOf(() => (ops[name] as (x: Tensor, axes: unknown) => Tensor)(input, axis));
  input.dispose();
  close(got, reference(x, shape, axes, FOLDS[name]), tolerance, `${name} of [${shape}] over [${axes}]`);
}

const exact: Record<string, boolean> = { max: true, min: true, argmax: true, argmin: true };

for (const name of Object.keys(FOLDS) as Name[]) {
  test(`${name} agrees with a plain loop for every layout and length`, async (device) => {
    const tolerance = exact[name] ? 0 : { abs: 2e-6, rel: 1e-6 };
    const cases: [Shape, number[]][] = [
      [[7], [0]],
      [[1], [0]],
      [[5, 3], [0]],
      [[5, 3], [1]],
      [[4, 1, 3], [1]],
      [[3, 67, 5], [1]],
      [[2, 129], [1]],
      [[1, 70001], [1]],
      [[3, 9001], [1]],
      [[9001, 2], [0]],
    ];
    if (!name.startsWith("arg"))
      cases.push(
        [
          [2, 3, 4, 2, 3, 2],
          [1, 4],
        ],
        [
          [2, 3, 4],
          [0, 2],
        ],
        [
          [2, 3, 4],
          [0, 1, 2],
        ],
      );
    for (const [shape, axes] of cases) {
      if (name === "variance" && sizeOf(axes.map((axis) => shape[axis])) === 1) continue;
      await agrees(device, name, shape, axes, random(7, sizeOf(shape)), tolerance);
    }
  });
}

test("whole numbers stay whole and exact, bools decide", async (device) => {
  const x = Int32Array.from({ length: 5000 }, (_, i) => (i % 2 ? -1 : 1) * (i * 100_003 + 1));
  const input = tensor(device, x, [5000]);
  const unsigned = tensor(device, Uint32Array.of(4_000_000_000, 1, 3_999_999_999), [3]);
  const total = x.reduce((a, b) => (a + b) | 0, 0);
  assert.equal([...(await valuesOf(() => ops.sum(input)))], [total]);
  assert.is(input.dtype, "int32");
  assert.equal([...(await valuesOf(() => ops.min(input)))], [Math.min(...x)]);
  assert.equal([...(await valuesOf(() => ops.argmax(input)))], [x.indexOf(Math.max(...x))]);
  assert.equal([...(await valuesOf(() => ops.max(unsigned)))], [4_000_000_000]);
  assert.equal([...(await valuesOf(() => ops.sum(unsigned)))], [8_000_000_000 % 2 ** 32]);
  const flags = tensor(device, [
    [true, true],
    [false, true],
    [false, false],
  ] as unknown as boolean[]);
  assert.equal([...(await valuesOf(() => ops.all(flags, 1)))], [1, 0, 0]);
  assert.equal([...(await valuesOf(() => ops.any(flags, 1)))], [1, 1, 0]);
  for (const t of [input, unsigned, flags]) t.dispose();
});

test("ties take the lowest index and NaN wins, wherever the row is cut", async (device) => {
  for (const n of [7, 300, 20_000]) {
    const x = new Float32Array(n).fill(1);
    x[3] = 2;
    x[n - 1] = 2;
    x[1] = -3;
    x[n - 2] = -3;
    const input = tensor(device, x);
    assert.equal([...(await valuesOf(() => ops.argmax(input, 0)))], [3], `argmax of ${n}`);
    assert.equal([...(await valuesOf(() => ops.argmin(input, 0)))], [1], `argmin of ${n}`);
    input.dispose();
    x[n - 2] = Number.NaN;
    x[n - 1] = Number.NaN;
    const spoilt = tensor(device, x);
    for (const name of ["argmax", "argmin"] as const) {
      assert.equal([...(await valuesOf(() => ops[name](spoilt)))], [n - 2], `${name} of ${n} with NaN`);
    }
    for (const name of ["max", "min", "sum", "mean", "variance"] as const) {
      const [value] = await valuesOf(() => ops[name](spoilt));
      assert.ok(Number.isNaN(value), `${name} of ${n} with NaN is ${value}`);
    }
    spoilt.dispose();
  }
});

test("infinities are values like others", async (device) => {
  const x = tensor(device, [
    [-Infinity, -Infinity],
    [Infinity, 1],
    [-Infinity, 5],
  ]);
  assert.equal([...(await valuesOf(() => ops.max(x, 1)))], [-Infinity, Infinity, 5]);
  assert.equal([...(await valuesOf(() => ops.min(x, 1)))], [-Infinity, 1, -Infinity]);
  assert.equal([...(await valuesOf(() => ops.argmax(x, 1)))], [0, 0, 1]);
  assert.equal([...(await valuesOf(() => ops.sum(x, 1)))], [-Infinity, Infinity, -Infinity]);
  x.dispose();
});

test("empty axes: sum 0, mean and variance NaN, no largest value", async (device) => {
  const x = tensor(device, new Float32Array(0), [2, 0, 3]);
  close(await valuesOf(() => ops.sum(x, 1)), new Array(6).fill(0), 0);
  close(await valuesOf(() => ops.mean(x, 1)), new Array(6).fill(Number.NaN), 0);
  close(await valuesOf(() => ops.variance(x, 1)), new Array(6).fill(Number.NaN), 0);
  close(await valuesOf(() => ops.sum(x)), [0], 0);
  for (const name of ["max", "min", "argmax", "argmin"] as const) {
    await throwsCode(() => ops[name](x, 1), "shape", new RegExp(`${name}: an axis of \\[2, 0, 3\\]`));
    assert.is((await valuesOf(() => ops[name](x, 0))).length, 0);
  }
  const none = tensor(device, new Uint8Array(0), [0, 2]);
  assert.equal([...(await valuesOf(() => ops.all(none, 0)))], [1, 1]);
  assert.equal([...(await valuesOf(() => ops.any(none, 0)))], [0, 0]);
  x.dispose();
  none.dispose();
});

test("shapes, keepDims, rank 0, one element and float16", async (device) => {
  const x = tensor(device, random(3, 24), [2, 3, 4]);
  const shapeOf = (t: Tensor): Shape => {
    t.dispose();
    return t.shape;
  };
  assert.equal(shapeOf(ops.sum(x, [0, -1])), [3]);
  assert.equal(shapeOf(ops.sum(x, [0, -1], { keepDims: true })), [1, 3, 1]);
  assert.equal(shapeOf(ops.mean(x)), []);
  assert.equal(shapeOf(ops.mean(x, [])), [2, 3, 4]);
  assert.equal(shapeOf(ops.argmax(x, 1, { keepDims: true })), [2, 1, 4]);
  assert.equal(shapeOf(ops.argmin(x, undefined, { keepDims: true })), [1, 1, 1]);
  const one = tensor(device, 5);
  close(await valuesOf(() => ops.sum(one)), [5], 0);
  close(await valuesOf(() => ops.variance(one)), [Number.NaN], 0);
  close(await valuesOf(() => ops.variance(one, [], { correction: 0 })), [0], 0);
  const half = cast(x, "float16");
  close(await valuesOf(() => ops.sum(half, [0, 1, 2])), [FOLDS.sum([...(await half.data())])], 1e-5);
  for (const t of [x, one, half]) t.dispose();
});

test("long sums and variances about a large mean keep their digits", async (device) => {
  const n = 300_000;
  const x = random(5, n, 0, 1);
  const row = [...x];
  const ones = tensor(device, x);
  close(await valuesOf(() => ops.sum(ones)), [FOLDS.sum(row)], { rel: 1e-6 }, "sum");
  const shifted = tensor(
    device,
    x.map((v) => 10_000 + v),
  );
  const stored = [...(await shifted.data())];
  close(await valuesOf(() => ops.variance(shifted)), [spread(1)(stored)], { rel: 2e-6 }, "variance");
  close(
    await valuesOf(() => ops.variance(shifted, 0, { correction: 0 })),
    [spread(0)(stored)],
    { rel: 2e-6 },
    "variance of the population",
  );
  ones.dispose();
  shifted.dispose();
});

test("any shape and axes agree with a plain loop", async (device) => {
  const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
  const input = shapes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      axes: fc.subarray([...shape.keys()], { minLength: 1 }),
      seed: fc.nat(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(input, async ({ shape, axes, seed }) => {
      const x = random(seed, sizeOf(shape));
      await agrees(device, "sum", shape, axes, x, 1e-4);
      await agrees(device, "max", shape, axes, x, 0);
      await agrees(device, "argmin", shape, axes.slice(0, 1), x, 0);
    }),
    { numRuns: 12, seed: 1 },
  );
});

test("wrong types and axes are named", async (device) => {
  const x = tensor(device, Int32Array.of(1, 2));
  await throwsCode(() => ops.mean(x), "dtype", /mean: x is int32, not float32; cast\(x, "float32"\) first/);
  await throwsCode(() => ops.all(x), "dtype", /all: x is int32, not bool/);
  await throwsCode(() => ops.sum(x, 1), "shape", /sum: axis 1 is outside a tensor of rank 1/);
  await throwsCode(() => ops.sum(x, [0, -1]), "argument", /sum: axes \[0, -1\] name an axis twice/);
  const f = cast(x, "float32");
  await throwsCode(() => ops.variance(f, 0, { correction: -1 }), "argument", /correction -1/);
  x.dispose();
  f.dispose();
});

test.run();
