import fc from "fast-check";
import * as assert from "uvu/assert";
import { cast, type DType, ones, scope, tensor } from "../../src/index.js";
import { takeAlongAxis } from "../../src/ops/along-axis.js";
import { gather, oneHot } from "../../src/ops/gather.js";
import { sizeOf } from "../../src/shape.js";
import {
  close,
  coordinates,
  deviceTests,
  flatIndex,
  generator,
  random,
  throwsCode,
  valuesOf,
} from "../support.js";

const test = deviceTests();

const whole = (seed: number, count: number, below: number): number[] => {
  const next = generator(seed);
  return Array.from({ length: count }, () => Math.floor(next() * below));
};

test("gather equals a plain loop for any shape of indices", async (device) => {
  const cases = fc.record({
    shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    picks: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    axis: fc.nat(3),
    dtype: fc.constantFrom<DType>("float32", "float16", "int32", "uint32", "bool"),
    indexType: fc.constantFrom<DType>("int32", "uint32"),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, picks, axis: wish, dtype, indexType }) => {
      const axis = wish % shape.length;
      const values = whole(3, sizeOf(shape), dtype === "bool" ? 2 : 200);
      const indices = whole(4, sizeOf(picks), shape[axis]);
      const outShape = [...shape.slice(0, axis), ...picks, ...shape.slice(axis + 1)];
      const want = coordinates(outShape).map((at) => {
        const index = indices[flatIndex(at.slice(axis, axis + picks.length), picks)];
        return values[flatIndex([...at.slice(0, axis), index, ...at.slice(axis + picks.length)], shape)];
      });
      const out = scope(() =>
        gather(tensor(device, values, shape, dtype), tensor(device, indices, picks, indexType), axis),
      );
      assert.equal(out.shape, outShape);
      assert.is(out.dtype, dtype === "float16" ? "float32" : dtype);
      close(await out.data(), want, 0, `${dtype} ${shape} axis ${axis}`);
      out.dispose();
    }),
    { numRuns: 50, seed: 5 },
  );
});

test("gather takes indices of the host and checks them", async (device) => {
  const x = tensor(device, random(1, 12), [3, 4]);
  const values = await x.data();
  close(
    await valuesOf(() => gather(x, [2, 0, 2])),
    [2, 0, 2].flatMap((r) => [...values.slice(4 * r, 4 * r + 4)]),
    0,
  );
  close(await valuesOf(() => gather(x, Uint32Array.of(3), 1)), [values[3], values[7], values[11]], 0);
  assert.is((await valuesOf(() => gather(x, []))).length, 0);
  await throwsCode(() => gather(x, [0, 3]), "argument", /index 3 \(number 1\).*0 to 2/);
  await throwsCode(() => gather(x, [-1]), "argument", /index -1/);
  await throwsCode(() => gather(x, [0.5]), "argument", /whole number/);
  await throwsCode(() => gather(x, [Number.NaN]), "argument", /whole number/);
  await throwsCode(() => gather(x, [0], 2), "shape", /axis 2/);
  await throwsCode(() => gather(x, x), "dtype", /cast\(indices, "int32"\) first/);
  x.dispose();
});

test("gather clamps indices of the GPU to the axis", async (device) => {
  const x = tensor(device, [10, 20, 30]);
  const signed = tensor(device, Int32Array.of(-5, 0, 2, 3, 2147483647, -2147483648));
  close(await valuesOf(() => gather(x, signed)), [10, 10, 30, 30, 30, 10], 0);
  const unsigned = tensor(device, Uint32Array.of(1, 3, 4294967295));
  close(await valuesOf(() => gather(x, unsigned)), [20, 30, 30], 0);
  for (const t of [x, signed, unsigned]) t.dispose();
});

test("gather from an empty axis: an error unless nothing is picked", async (device) => {
  const [x, some, none] = [ones(device, [0, 4]), ones(device, [2], "int32"), ones(device, [0], "int32")];
  await throwsCode(() => gather(x, some), "shape", /is empty/);
  const out = gather(x, none);
  assert.equal(out.shape, [0, 4]);
  for (const t of [x, some, none, out]) t.dispose();
});

test("gather reads rows of a half precision table with odd width", async (device) => {
  const values = Float32Array.from({ length: 35 }, (_, i) => i / 4);
  const table = scope(() => cast(tensor(device, values, [7, 5]), "float16"));
  const before = device.memory().bytes;
  const rows = gather(table, [6, 1, 3]);
  // 60 bytes of result and 12 of indices: no float32 copy of the table.
  assert.ok(device.memory().bytes - before <= 512);
  close(
    await rows.data(),
    [6, 1, 3].flatMap((r) => [...values.slice(5 * r, 5 * r + 5)]),
    0,
  );
  table.dispose();
  rows.dispose();
});

test("takeAlongAxis equals a plain loop", async (device) => {
  for (const [shape, axis, picks] of [
    [[4], 0, 7],
    [[3, 4], 1, 2],
    [[3, 4], -2, 5],
    [[2, 3, 4, 2], 2, 3],
    [[2, 0, 3], 2, 2],
  ] as const) {
    const along = (axis + shape.length) % shape.length;
    const values = random(1, sizeOf(shape));
    const outShape = shape.map((d, i) => (i === along ? picks : d));
    const indices = whole(2, sizeOf(outShape), shape[along]);
    const want = coordinates(outShape).map(
      (at) => values[flatIndex(at.with(along, indices[flatIndex(at, outShape)]), shape)],
    );
    const out = scope(() =>
      takeAlongAxis(tensor(device, values, shape), tensor(device, indices, outShape, "int32"), axis),
    );
    assert.equal(out.shape, outShape);
    close(await out.data(), want, 0, `${shape} axis ${axis}`);
    out.dispose();
  }
  const [x, floats, narrow] = [ones(device, [3, 4]), ones(device, [3, 1]), ones(device, [1, 4], "int32")];
  await throwsCode(() => takeAlongAxis(x, floats, 1), "dtype", /int32/);
  await throwsCode(() => takeAlongAxis(x, narrow, 1), "shape", /all axes but 1/);
  for (const t of [x, floats, narrow]) t.dispose();
});

test("oneHot has a one at each index and none outside", async (device) => {
  const signed = tensor(device, Int32Array.of(2, 0, -1, 3), [2, 2]);
  const out = oneHot(signed, 3);
  assert.equal(out.shape, [2, 2, 3]);
  close(await out.data(), [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], 0);
  const flags = oneHot(signed, 1, "bool");
  assert.is(flags.dtype, "bool");
  close(await flags.data(), [0, 1, 0, 0], 0);
  const nothing = oneHot(signed, 0);
  assert.equal(nothing.shape, [2, 2, 0]);
  await throwsCode(() => oneHot(signed, -1), "argument", /depth -1/);
  await throwsCode(() => oneHot(out, 2), "dtype", /int32/);
  for (const t of [signed, out, flags, nothing]) t.dispose();
});

test.run();
