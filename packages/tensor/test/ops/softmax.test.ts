import fc from "fast-check";
import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { cast } from "../../src/ops/cast.js";
import { logSoftmax, softmax } from "../../src/ops/softmax.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import { close, deviceTests, FAMILIES, random, rowsOver, throwsCode, valuesOf } from "../support.js";

const test = deviceTests(FAMILIES);

/** Log-softmax in float64 by plain loops. */
function reference(values: ArrayLike<number>, shape: Shape, axis: number): number[] {
  const { rows, rowOf } = rowsOver(values, shape, [axis]);
  const logs = rows.map((row) => {
    const largest = row.reduce(
      (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b)),
      -Infinity,
    );
    return largest + Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
  });
  return rowOf.map((row, i) => values[i] - logs[row]);
}

async function agrees(device: Device, values: Float32Array, shape: Shape, axis: number): Promise<void> {
  const x = tensor(device, values, shape);
  const want = reference(values, shape, axis);
  const label = `[${shape}] over ${axis}`;
  close(await valuesOf(() => logSoftmax(x, axis)), want, { abs: 2e-6, rel: 1e-6 }, `logSoftmax ${label}`);
  close(
    await valuesOf(() => softmax(x, axis)),
    want.map(Math.exp),
    { abs: 1e-7, rel: 2e-6 },
    `softmax ${label}`,
  );
  x.dispose();
}

test("agrees with a plain loop over any axis", async (device) => {
  const cases: [Shape, number][] = [
    [[1], 0],
    [[5, 1], 1],
    [[3, 7], 1],
    [[3, 7], 0],
    [[2, 200, 3], 1],
    [[2, 3, 129], 2],
    [[70, 65], 1],
    [[2, 5003], 1],
    [[2, 2, 3, 2, 3, 2], 3],
    [[0, 3], 1],
    [[3, 0], 1],
  ];
  for (const [shape, axis] of cases) await agrees(device, random(1, sizeOf(shape), -8, 8), shape, axis);
});

test("any shape and axis agree with a plain loop", async (device) => {
  const inputs = fc
    .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 })
    .chain((shape) => fc.tuple(fc.constant(shape), fc.nat({ max: shape.length - 1 }), fc.nat()));
  await fc.assert(
    fc.asyncProperty(inputs, ([shape, axis, seed]) =>
      agrees(device, random(seed, sizeOf(shape)), shape, axis),
    ),
    { numRuns: 12, seed: 1 },
  );
});

test("stays finite for large values and keeps rows apart from shifts", async (device) => {
  await agrees(device, Float32Array.of(1e4, 1e4 - 1, -1e4, 1e38, -1e38, 0), [2, 3], 1);
  const x = tensor(device, Float32Array.of(-1e30, 0, -Infinity));
  close(await valuesOf(() => softmax(x)), [0, 1, 0], 0);
  close(await valuesOf(() => logSoftmax(x)), [-1e30, 0, -Infinity], { rel: 1e-7 });
  x.dispose();
});

test("masked, NaN and infinite rows become NaN as in PyTorch, and only those", async (device) => {
  for (const n of [3, 300]) {
    const row = (value: number) => Float32Array.from({ length: n }, (_, i) => (i === 1 ? value : 0));
    const masked = new Float32Array(n).fill(-Infinity);
    const rows = [row(0), masked, row(Number.NaN), row(Infinity), row(-Infinity)];
    const x = tensor(device, Float32Array.from(rows.flatMap((r) => [...r])), [5, n]);
    const none = new Array(n).fill(Number.NaN);
    const partly = Array.from({ length: n }, (_, i) => (i === 1 ? 0 : 1 / (n - 1)));
    const want = [...new Array(n).fill(1 / n), ...none, ...none, ...none, ...partly];
    close(await valuesOf(() => softmax(x)), want, { rel: 1e-6 });
    close(await valuesOf(() => logSoftmax(x)), want.map(Math.log), { abs: 1e-6 });
    x.dispose();
  }
});

test("rows that rise, fall and jump agree for every width of load", async (device) => {
  const rows: ((i: number) => number)[] = [
    (i) => i / 4,
    (i) => -i / 4,
    // Steps above and below the 8 at which the running maximum follows.
    (i) => (i >> 3) * 7.9,
    (i) => (i >> 3) * -8.1,
    (i) => (i % 5) * 20 - i / 3,
    () => -1e4,
  ];
  for (const n of [49, 50, 52, 130]) {
    const values = rows.flatMap((row) => Array.from({ length: n }, (_, i) => row(i)));
    await agrees(device, Float32Array.from(values), [rows.length, n], 1);
  }
});

test("a NaN or an infinity is found anywhere in a row", async (device) => {
  for (const n of [9, 18, 20]) {
    const bad = [Number.NaN, Number.POSITIVE_INFINITY];
    const rows = bad.flatMap((value) =>
      Array.from({ length: n }, (_, at) => Array.from({ length: n }, (_, i) => (i === at ? value : i))),
    );
    const x = tensor(device, Float32Array.from(rows.flat()), [rows.length, n]);
    close(await valuesOf(() => softmax(x)), new Array(rows.length * n).fill(Number.NaN), 0);
    x.dispose();
  }
});

test("takes float16 and rejects whole numbers and missing axes", async (device) => {
  const x = tensor(device, [1, 2, 3]);
  const half = cast(x, "float16");
  const whole = cast(x, "int32");
  close(await valuesOf(() => softmax(half)), reference([1, 2, 3], [3], 0).map(Math.exp), 1e-6);
  await throwsCode(
    () => softmax(whole),
    "dtype",
    /softmax: x is int32, not float32; cast\(x, "float32"\) first/,
  );
  await throwsCode(() => logSoftmax(x, 1), "shape", /logSoftmax: axis 1 is outside a tensor of rank 1/);
  assert.is(half.dtype, "float16");
  for (const t of [x, half, whole]) t.dispose();
});

test.run();
