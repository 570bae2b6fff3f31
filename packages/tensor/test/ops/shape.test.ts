import fc from "fast-check";
import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { cast } from "../../src/ops/cast.js";
import { permute, reshape, slice, squeeze, transpose, unsqueeze } from "../../src/ops/shape.js";
import { expand } from "../../src/ops/sum.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import type { Tensor } from "../../src/tensor.js";
import { close, coordinates, deviceTests, flatIndex, throwsCode, valuesOf } from "../support.js";

const test = deviceTests();

/** A tensor whose values are their own flat indices. */
const counted = (device: Device, shape: Shape): Tensor =>
  tensor(
    device,
    Int32Array.from({ length: sizeOf(shape) }, (_, i) => i),
    shape,
  );

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 });

test("permute agrees with coordinates for any shape and order", async (device) => {
  const inputs = shapes.chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.shuffledSubarray([...shape.keys()], { minLength: shape.length, maxLength: shape.length }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(inputs, async ([shape, order]) => {
      const x = counted(device, shape);
      const y = permute(x, order);
      const target = order.map((axis) => shape[axis]);
      assert.equal(y.shape, target);
      const want = coordinates(target).map((at) => {
        const from = new Array<number>(shape.length);
        order.forEach((axis, i) => {
          from[axis] = at[i];
        });
        return flatIndex(from, shape);
      });
      close(await y.data(), want, 0, `[${shape}] by ${order}`);
      x.dispose();
      y.dispose();
    }),
    { numRuns: 40, seed: 1 },
  );
});

test("slice agrees with array slices for any range", async (device) => {
  const bound = fc.integer({ min: -7, max: 7 });
  const step = fc.integer({ min: -3, max: 3 }).filter((s) => s !== 0);
  const range = fc.option(fc.tuple(bound, bound, step), { nil: null });
  const inputs = shapes.chain((shape) =>
    fc.tuple(fc.constant(shape), fc.array(range, { maxLength: shape.length })),
  );
  // Python's rule, written with the indices it visits.
  const visited = (size: number, range: readonly [number, number, number] | null): number[] => {
    const all = [...Array(size).keys()];
    if (!range) return all;
    const [start, end, by] = range.map((v, i) => (i < 2 && v < 0 ? v + size : v));
    const out: number[] = [];
    if (by > 0) for (let i = Math.max(0, start); i < Math.min(end, size); i += by) out.push(i);
    else for (let i = Math.min(start, size - 1); i > Math.max(end, -1); i += by) out.push(i);
    return out;
  };
  await fc.assert(
    fc.asyncProperty(inputs, async ([shape, ranges]) => {
      const x = counted(device, shape);
      const y = slice(x, ranges);
      const rows = shape.map((size, axis) => visited(size, ranges[axis] ?? null));
      const target = rows.map((row) => row.length);
      assert.equal(y.shape, target);
      const want = coordinates(target).map((at) =>
        flatIndex(
          at.map((c, axis) => rows[axis][c]),
          shape,
        ),
      );
      close(await y.data(), want, 0, `[${shape}] by ${JSON.stringify(ranges)}`);
      x.dispose();
      y.dispose();
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("expand repeats axes of size one and adds leading ones", async (device) => {
  const cases: [Shape, Shape][] = [
    [[], [2, 3]],
    [[3], [2, 3]],
    [
      [2, 1, 3],
      [2, 4, 3],
    ],
    [
      [1, 2, 1, 2],
      [2, 3, 2, 2, 5, 2],
    ],
    [[1], [0]],
    [
      [2, 3],
      [2, 3],
    ],
  ];
  for (const [from, to] of cases) {
    const x = counted(device, from);
    const want = coordinates(to).map((at) => flatIndex(at, from));
    close(await valuesOf(() => expand(x, to)), want, 0, `[${from}] to [${to}]`);
    x.dispose();
  }
});

test("reshape, unsqueeze, squeeze and orders that move nothing share memory", async (device) => {
  const x = counted(device, [2, 1, 6]);
  const views = [
    reshape(x, [3, -1]),
    reshape(x, [12]),
    unsqueeze(x, -1),
    unsqueeze(x, 0),
    squeeze(x),
    squeeze(x, 1),
    permute(x, [1, 0, 2]),
    slice(x, [null, [0, 9]]),
    expand(x, [1, 2, 1, 6]),
  ];
  assert.equal(
    views.map((view) => [...view.shape]),
    [[3, 4], [12], [2, 1, 6, 1], [1, 2, 1, 6], [2, 6], [2, 6], [1, 2, 6], [2, 1, 6], [1, 2, 1, 6]],
  );
  for (const view of views) assert.is(view.buffer, x.buffer);
  x.dispose();
  const want = Array.from({ length: 12 }, (_, i) => i);
  for (const view of views) {
    close(await view.data(), want, 0, `[${view.shape}] after its source was disposed`);
    view.dispose();
  }
});

test("float16 and bool move too; negative and default axes of transpose", async (device) => {
  const x = tensor(device, [
    [1.5, 2.5, 3.5],
    [4.5, 5.5, 6.5],
  ]);
  const half = cast(x, "float16");
  const flags = cast(x, "bool");
  const want = [1.5, 4.5, 2.5, 5.5, 3.5, 6.5];
  close(await valuesOf(() => transpose(x)), want, 0);
  close(await valuesOf(() => transpose(x, 0, -1)), want, 0);
  close(await valuesOf(() => transpose(half)), want, 0);
  close(await valuesOf(() => transpose(flags)), [1, 1, 1, 1, 1, 1], 0);
  const odd = slice(half, [[1, 2]]);
  close(await odd.data(), [4.5, 5.5, 6.5], 0);
  for (const t of [x, half, flags, odd]) t.dispose();
});

test("wrong shapes and axes are named", async (device) => {
  const x = counted(device, [2, 6]);
  const cases: [() => unknown, string, RegExp][] = [
    [() => reshape(x, [5]), "shape", /reshape: \[2, 6\] has 12 values and \[5\] 5; use -1/],
    [() => reshape(x, [5, -1]), "shape", /does not divide into \[5, -1\]/],
    [() => reshape(x, [-1, -1]), "shape", /has -1 more than once/],
    [() => reshape(x, [-1, 0]), "shape", /does not divide/],
    [() => reshape(x, [1, 1, 1, 1, 1, 2, 6]), "shape", /rank 7 is above 6/],
    [() => permute(x, [0, 0]), "shape", /order \[0, 0\] must name each of the 2 axes once/],
    [() => permute(x, [0]), "shape", /must name each of the 2 axes once/],
    [() => transpose(x, 0, 2), "shape", /axis 2 is outside a tensor of rank 2; use -2 to 1/],
    [() => expand(x, [2, 7]), "shape", /sizes 6 and 7 on axis -1/],
    [() => expand(x, [6]), "shape", /expand: \[2, 6\] does not fit into \[6\]/],
    [() => slice(x, [null, null, null]), "shape", /3 ranges for a tensor \[2, 6\]/],
    [() => slice(x, [[0, 1, 0]]), "argument", /step 0 on axis 0/],
    [() => squeeze(x, 0), "shape", /axis 0 of \[2, 6\] is not 1/],
    [() => unsqueeze(x, 3), "shape", /axis 3 is outside/],
  ];
  for (const [run, code, text] of cases) await throwsCode(run, code, text);
  x.dispose();
});

test.run();
