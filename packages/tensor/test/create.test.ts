import * as assert from "uvu/assert";
import { arange, full, ones, tensor, type Values, zeros } from "../src/create.js";
import type { DType } from "../src/dtype.js";
import { f32ToF16 } from "../src/files/half.js";
import { traceLeaks } from "../src/leaks.js";
import { cast } from "../src/ops/cast.js";
import { equal } from "../src/ops/comparison.js";
import type { Shape } from "../src/shape.js";
import type { Tensor } from "../src/tensor.js";
import { close, deviceTests, throwsCode, valuesOf } from "./support.js";

const test = deviceTests();

test("the type follows the values, the shape the nesting", async (device) => {
  const cases: [Values, DType, Shape][] = [
    [5, "float32", []],
    [[1, 2, 3], "float32", [3]],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      "float32",
      [3, 2],
    ],
    [[[], []], "float32", [2, 0]],
    [[true, false], "bool", [2]],
    [Float32Array.of(1, 2), "float32", [2]],
    [Int32Array.of(-1, 2), "int32", [2]],
    [Uint32Array.of(1, 2 ** 32 - 1), "uint32", [2]],
    [Uint8Array.of(0, 7), "bool", [2]],
    [[[true], [false]], "bool", [2, 1]],
    [Float64Array.of(0.1), "float32", [1]],
    [f32ToF16(Float32Array.of(1, 2, 3)), "float16", [3]],
  ];
  for (const [values, dtype, shape] of cases) {
    const x = tensor(device, values);
    assert.is(x.dtype, dtype);
    assert.equal([...x.shape], shape);
    x.dispose();
  }
});

test("values come back as given, in every type", async (device) => {
  const read = (values: Values, dtype?: DType) => valuesOf(() => tensor(device, values, undefined, dtype));
  assert.equal(await read(Int32Array.of(-5, 2 ** 31 - 1)), Int32Array.of(-5, 2 ** 31 - 1));
  assert.equal(await read(Uint32Array.of(2 ** 32 - 1)), Uint32Array.of(2 ** 32 - 1));
  assert.equal(await read([0, 2, -1], "bool"), Uint8Array.of(0, 1, 1));
  assert.equal(await read([1.9, -1.9], "int32"), Int32Array.of(1, -1));
  close(await read([1, 1 + 2 ** -12, 65504], "float16"), [1, 1, 65504], 0);
  close(await read([Number.NaN, -Infinity, 1e-45]), [Number.NaN, -Infinity, Math.fround(1e-45)], 0);
  // A view into the middle of a buffer sends only what it covers.
  close(await read(new Float32Array(Float32Array.of(9, 1, 2, 9).buffer, 4, 2)), [1, 2], 0);
});

test("toArray nests as the shape does, item takes one value", async (device) => {
  const nested = [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ];
  const x = tensor(device, nested);
  assert.equal(await x.toArray(), nested);
  await throwsCode(() => x.item(), "shape", /item: tensor \[2, 2, 2\] has 8 values, not one/);
  const one = tensor(device, [[4]]);
  assert.is(await one.item(), 4);
  x.dispose();
  one.dispose();
  one.dispose();
  assert.match(String(one), /disposed/);
  await throwsCode(() => one.data(), "disposed", /tensor \[1, 1\] was disposed/);
});

test("the type states which array data() gives, and that is the array given", async (device) => {
  const floats: Float32Array = await valuesOf(() => tensor(device, [1]));
  const halves: Float32Array = await valuesOf(() => cast(tensor(device, [1]), "float16"));
  const whole: Int32Array = await valuesOf(() => tensor(device, Int32Array.of(1)));
  const unsigned: Uint32Array = await valuesOf(() => zeros(device, [1], "uint32"));
  const flags: Uint8Array = await valuesOf(() => tensor(device, [true]));
  const compared: Uint8Array = await valuesOf(() => equal(tensor(device, [1]), 1));
  const unstated: Float32Array = await valuesOf((): Tensor => ones(device, [1]));
  assert.equal(
    [floats, halves, whole, unsigned, flags, compared, unstated].map((read) => read.constructor),
    [Float32Array, Float32Array, Int32Array, Uint32Array, Uint8Array, Uint8Array, Float32Array],
  );
});

test("zeros, ones, full and arange fill every element", async (device) => {
  for (const dtype of ["float32", "int32", "uint32", "bool"] as const) {
    close(await valuesOf(() => zeros(device, [3, 67], dtype)), new Array(201).fill(0), 0, dtype);
    close(await valuesOf(() => ones(device, [3, 67], dtype)), new Array(201).fill(1), 0, dtype);
  }
  close(await valuesOf(() => full(device, [2], -Infinity)), [-Infinity, -Infinity], 0);
  close(await valuesOf(() => full(device, [], -7, "int32")), [-7], 0);
  close(await valuesOf(() => full(device, [2], 5, "bool")), [1, 1], 0);
  close(await valuesOf(() => arange(device, 5, "int32")), [0, 1, 2, 3, 4], 0);
  assert.is((await valuesOf(() => arange(device, 0))).length, 0);
  assert.is((await valuesOf(() => zeros(device, [3, 0, 2]))).length, 0);
});

test("values that do not fit are refused before the GPU sees them", async (device) => {
  const ragged = [[1, 2], [3]];
  const cases: [() => unknown, string, RegExp][] = [
    [() => tensor(device, [1, 2, 3], [2, 2]), "shape", /3 values do not fill shape \[2, 2\] \(4 values\)/],
    [() => tensor(device, ragged), "shape", /ragged nested arrays; every array at depth 1 must have 2 items/],
    [() => tensor(device, [1, [2]]), "shape", /ragged/],
    [() => tensor(device, [[1], 2]), "shape", /ragged/],
    [() => tensor(device, ["1"] as unknown as number[]), "shape", /ragged/],
    [() => tensor(device, [1], [-1]), "shape", /must hold non-negative whole numbers/],
    [() => tensor(device, [1], [0.5]), "shape", /non-negative whole numbers/],
    [() => tensor(device, [1], [1, 1, 1, 1, 1, 1, 1]), "shape", /rank 7 is above 6/],
    [() => full(device, [2], 1, "float16"), "dtype", /make float32 values and cast/],
    [() => ones(device, [2], "float64" as DType), "dtype", /ones: "float64" is no element type; use float32/],
    [() => zeros(device, 3 as unknown as Shape), "argument", /zeros: the shape is a number; give an array/],
    [
      () => full(device, [2], undefined as unknown as number),
      "argument",
      /the value is undefined, not a num/,
    ],
    [() => tensor(device, "12" as unknown as number), "argument", /values are a string; give numbers/],
    [() => tensor(device, undefined as unknown as number), "argument", /values are undefined/],
    [() => tensor(device, { 0: 1 } as unknown as number), "argument", /values are a plain object/],
    [() => tensor(device, BigInt64Array.of(1n) as unknown as number), "argument", /are BigInt64Array/],
    [() => arange(device, -1), "shape", /arange: shape \[-1\]/],
    [() => zeros([2]), "no-device", /no device: give one as the first argument/],
  ];
  for (const [run, code, text] of cases) await throwsCode(run, code, text);
});

test("bytes are counted while a tensor lives", (device) => {
  const before = device.memory();
  const x = zeros(device, [1000]);
  const view = x.view([10, 100]);
  assert.is(device.memory().tensors, before.tensors + 2);
  assert.ok(device.memory().bytes >= before.bytes + 4000);
  x.dispose();
  assert.ok(device.memory().bytes >= before.bytes + 4000, "the view keeps the values");
  view.dispose();
  assert.is(device.memory().bytes, before.bytes);
});

test("tracing leaks can be switched on and off", (device) => {
  traceLeaks(true);
  zeros(device, [1]).dispose();
  traceLeaks(false);
});

test.run();
