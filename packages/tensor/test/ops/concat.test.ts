import fc from "fast-check";
import * as assert from "uvu/assert";
import { cast, type DType, ones, scope, slice, type Tensor, tensor } from "../../src/index.js";
import { concat, pad, split, stack } from "../../src/ops/concat.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import { close, coordinates, deviceTests, flatIndex, random, throwsCode, valuesOf } from "../support.js";

const test = deviceTests();

/** The values of parts joined along an axis, by a plain loop. */
function joined(parts: { shape: Shape; values: ArrayLike<number> }[], axis: number): number[] {
  const shape = [...parts[0].shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis], 0);
  return coordinates(shape).map((at) => {
    let along = at[axis];
    let part = 0;
    while (along >= parts[part].shape[axis]) along -= parts[part++].shape[axis];
    return parts[part].values[flatIndex(at.with(axis, along), parts[part].shape)];
  });
}

test("concat equals a plain loop on any axis, empty parts included", async (device) => {
  const sizes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
  const cases = fc.record({
    shape: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    sizes,
    axis: fc.nat(3),
    dtype: fc.constantFrom<DType>("float32", "int32", "uint32", "bool"),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, sizes: lengths, axis: wish, dtype }) => {
      const axis = wish % shape.length;
      const parts = lengths.map((length, i) => {
        const partShape = shape.with(axis, length);
        const count = sizeOf(partShape);
        return {
          shape: partShape,
          values: Array.from(random(i, count, 0, 50), (v) =>
            dtype === "bool" ? Math.round(v) % 2 : Math.round(v),
          ),
        };
      });
      const out = scope(() =>
        concat(
          parts.map((p) => tensor(device, p.values, p.shape, dtype)),
          axis - shape.length,
        ),
      );
      assert.equal(
        out.shape,
        shape.with(
          axis,
          lengths.reduce((a, b) => a + b),
        ),
      );
      assert.is(out.dtype, dtype);
      close(await out.data(), joined(parts, axis), 0);
      out.dispose();
    }),
    { numRuns: 40, seed: 1 },
  );
});

test("concat widens float16 and leaves its parts alone", async (device) => {
  const parts = scope(() =>
    [1, 2].map((v) => cast(tensor(device, [v, v + 0.5, v + 0.25], [3, 1]), "float16")),
  );
  const out = concat(parts, 1);
  assert.is(out.dtype, "float32");
  close(await out.data(), [1, 2, 1.5, 2.5, 1.25, 2.25], 0);
  close(await parts[1].data(), [2, 2.5, 2.25], 0);
  for (const t of [out, ...parts]) t.dispose();
});

test("concat of one part and stack", async (device) => {
  close(await valuesOf(() => concat([tensor(device, [1, 2])])), [1, 2], 0);
  const out = scope(() => stack([tensor(device, [1, 2, 3]), tensor(device, [4, 5, 6])], -1));
  assert.equal(out.shape, [3, 2]);
  close(await out.data(), [1, 4, 2, 5, 3, 6], 0);
  out.dispose();
  const scalars = scope(() => stack([tensor(device, [1], []), tensor(device, [2], [])]));
  assert.equal(scalars.shape, [2]);
  scalars.dispose();
});

test("concat and stack refuse what does not fit", async (device) => {
  const [a, b, c] = [ones(device, [2, 3]), ones(device, [2, 4]), ones(device, [2, 3], "int32")];
  await throwsCode(() => concat([]), "argument", /at least one/);
  await throwsCode(() => concat([a, b], 0), "shape", /part 1 is \[2, 4\] and part 0 \[2, 3\]/);
  await throwsCode(() => concat([a, c], 0), "dtype", /part 1 is int32.*cast/);
  await throwsCode(() => concat([a], 2), "shape", /axis 2/);
  await throwsCode(() => stack([a, b]), "shape", /equal/);
  for (const t of [a, b, c]) t.dispose();
});

test("split equals slices and joins back", async (device) => {
  const shapes: [Shape, number | number[], number][] = [
    [[6, 2], 3, 0],
    [[5, 3], [0, 4, 1], 0],
    [[2, 5, 3], [1, 2, 2], 1],
    [[2, 3, 9], 3, -1],
    [[1, 1, 6], 2, 2],
    [[0, 4], 2, 0],
    [[3], [3], 0],
  ];
  for (const [shape, sizes, axis] of shapes) {
    const x = tensor(device, random(1, sizeOf(shape)), shape);
    const parts = split(x, sizes, axis);
    const along = (axis + shape.length) % shape.length;
    let start = 0;
    for (const part of parts) {
      const end = start + part.shape[along];
      const ranges = shape.map((_, i) => (i === along ? ([start, end] as const) : null));
      close(await part.data(), await valuesOf(() => slice(x, ranges)), 0, `${shape} by ${sizes}`);
      start = end;
    }
    assert.is(start, shape[along]);
    close(await valuesOf(() => concat(parts, axis)), await x.data(), 0);
    for (const t of [x, ...parts]) t.dispose();
  }
});

test("split refuses sizes that do not add up", async (device) => {
  const x = ones(device, [6, 2]);
  await throwsCode(() => split(x, 4), "shape", /4 equal parts/);
  await throwsCode(() => split(x, 0), "shape", /0 equal parts/);
  await throwsCode(() => split(x, [3, 2]), "shape", /add up/);
  await throwsCode(() => split(x, [7, -1]), "shape", /add up/);
  await throwsCode(() => split(x, 2, 5), "shape", /axis 5/);
  x.dispose();
});

test("pad equals a plain loop", async (device) => {
  const axis = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.nat(3), fc.nat(3));
  await fc.assert(
    fc.asyncProperty(
      fc.array(axis, { maxLength: 6 }),
      fc.integer({ min: -3, max: 3 }),
      async (axes, value) => {
        const shape = axes.map(([size]) => size);
        const values = random(2, sizeOf(shape));
        const outShape = axes.map(([size, before, after]) => before + size + after);
        const want = coordinates(outShape).map((at) => {
          const from = at.map((c, i) => c - axes[i][1]);
          return from.every((c, i) => c >= 0 && c < shape[i]) ? values[flatIndex(from, shape)] : value;
        });
        const out = scope(() =>
          pad(
            tensor(device, values, shape),
            axes.map(([, before, after]) => [before, after] as const),
            value,
          ),
        );
        assert.equal(out.shape, outShape);
        close(await out.data(), want, 0);
        out.dispose();
      },
    ),
    { numRuns: 30, seed: 2 },
  );
});

test("pad keeps the type and refuses bad widths", async (device) => {
  const make = (dtype: DType, value: number): Tensor =>
    scope(() => pad(tensor(device, [1, 0], [2], dtype), [[1, 1]], value));
  for (const [dtype, value, want] of [
    ["int32", -7, [-7, 1, 0, -7]],
    ["uint32", 7, [7, 1, 0, 7]],
    ["bool", 7, [1, 1, 0, 1]],
    ["float16", 0.5, [0.5, 1, 0, 0.5]],
  ] as const) {
    const out = make(dtype, value);
    assert.is(out.dtype, dtype === "float16" ? "float32" : dtype);
    close(await out.data(), want, 0, dtype);
    out.dispose();
  }
  const x = ones(device, [2, 2]);
  await throwsCode(() => pad(x, [[1, 1]]), "shape", /each axis/);
  await throwsCode(
    () =>
      pad(x, [
        [1, -1],
        [0, 0],
      ]),
    "shape",
    /non-negative/,
  );
  x.dispose();
});

test.run();
