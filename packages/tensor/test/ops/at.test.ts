import fc from "fast-check";
import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import { type AtIndex, at } from "../../src/ops/at.js";
import { slice } from "../../src/ops/shape.js";
import { sizeOf } from "../../src/shape.js";
import { close, deviceTests, throwsCode, valuesOf } from "../support.js";
import { floats, holds } from "./holds.js";

const test = deviceTests();

/** NumPy's rule for start:end:step, as the places it visits. */
function visits(
  size: number,
  [start, end, step = 1]: readonly [number | null, number | null, number?],
): number[] {
  const held = (v: number, low: number, high: number) => Math.min(Math.max(v < 0 ? v + size : v, low), high);
  const places: number[] = [];
  if (step > 0) {
    const [from, to] = [held(start ?? 0, 0, size), end === null ? size : held(end, 0, size)];
    for (let i = from; i < to; i += step) places.push(i);
  } else {
    const from = start === null ? size - 1 : held(start, -1, size - 1);
    const to = end === null ? -1 : held(end, -1, size - 1);
    for (let i = from; i > to; i += step) places.push(i);
  }
  return places;
}

/** Nested arrays indexed as NumPy does. */
function indexed(nested: unknown, indices: readonly (AtIndex | undefined)[]): unknown {
  if (!Array.isArray(nested)) return nested;
  const [index = null, ...rest] = indices;
  if (typeof index === "number") return indexed(nested.at(index), rest);
  const places = index === null || index === "..." ? [...nested.keys()] : visits(nested.length, index);
  return places.map((place) => indexed(nested[place], rest));
}

test("agrees with NumPy's rule for any numbers, ranges and steps", async (device) => {
  const bound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: null });
  const step = fc.integer({ min: -3, max: 3 }).filter((s) => s !== 0);
  const range = fc.tuple(bound, bound, step);
  const inputs = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
    .chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.tuple(
          ...shape.map((n) => fc.oneof(fc.integer({ min: -n, max: n - 1 }), range, fc.constant(null))),
        ),
        fc.integer({ min: 0, max: shape.length }),
      ),
    );
  await fc.assert(
    fc.asyncProperty(inputs, async ([shape, every, named]) => {
      const x = tensor(
        device,
        Int32Array.from({ length: sizeOf(shape) }, (_, i) => i),
        shape,
      );
      const indices = every.slice(0, named);
      const y = at(x, ...indices);
      const want = indexed(await x.toArray(), indices);
      assert.equal(await y.toArray(), want, `[${shape}] at ${JSON.stringify(indices)}`);
      x.dispose();
      y.dispose();
    }),
    { numRuns: 80, seed: 1 },
  );
});

test("ranges that hold nothing are empty, and negatives count from the end", async (device) => {
  const x = tensor(device, [
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const cases: [AtIndex[], number[], number[]][] = [
    [[null, [-1, 0]], [2, 0], []],
    [[null, [2, 2]], [2, 0], []],
    [[[5, 9]], [0, 3], []],
    [
      [null, [-9, -2]],
      [2, 1],
      [1, 4],
    ],
    [[-1], [3], [4, 5, 6]],
    [[-1, -1], [], [6]],
    [["...", 0], [2], [1, 4]],
    [[0, "..."], [3], [1, 2, 3]],
    [
      [null, [null, null, -1]],
      [2, 3],
      [3, 2, 1, 6, 5, 4],
    ],
    [
      [null, [null, null, -2]],
      [2, 2],
      [3, 1, 6, 4],
    ],
  ];
  for (const [indices, shape, values] of cases) {
    const y = at(x, ...indices);
    assert.equal([...y.shape], shape, JSON.stringify(indices));
    close(await y.data(), values, 0, JSON.stringify(indices));
    y.dispose();
  }
  close(await valuesOf(() => slice(x, [null, [-1, 0]])), [], 0, "slice");
  x.dispose();
});

test("agrees with its reference and passes gradients back", async (device) => {
  await holds(device, at, [floats([3, 4]), 1]);
  await holds(device, at, [floats([3, 4, 2]), [null, null, -2], "...", -1]);
});

test("what is no index is named", async (device) => {
  const x = tensor(device, [[1, 2]]);
  const wrong = (index: unknown) => () => at(x, index as AtIndex);
  await throwsCode(() => at(x, 1), "argument", /at: index 1 is outside axis 0 of \[1, 2\]; use -1 to 0/);
  await throwsCode(() => at(x, 0, 0, 0), "shape", /3 indices for a tensor \[1, 2\]/);
  await throwsCode(() => at(x, "...", "..."), "argument", /more than once/);
  await throwsCode(() => at(x, [0, 1, 0]), "argument", /step 0/);
  await throwsCode(wrong(0.5), "argument", /index 0.5/);
  await throwsCode(
    wrong({ axis: 1 }),
    "argument",
    /do not fit \(Tensor, a plain object\); it has no options/,
  );
  await throwsCode(wrong([1]), "argument", /an array of 1/);
  x.dispose();
});

test.run();
