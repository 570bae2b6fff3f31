import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { DType } from "../../src/dtype.js";
import { f16ToF32, f32ToF16 } from "../../src/files/half.js";
import { cast } from "../../src/ops/cast.js";
import { close, deviceTests, random, valuesOf } from "../support.js";

const test = deviceTests();

const VALUES: Record<DType, number[]> = {
  float32: [0, -0, 1.5, -1.5, 2.999, -2.999, 1e6, 65504],
  float16: [0, 0.5, -1.5, 3, 100, -65504, 2048],
  int32: [0, 1, -1, 65504, -(2 ** 24), 7],
  uint32: [0, 1, 2 ** 24, 65504, 9],
  bool: [0, 1, 1, 0, 1],
};

/** What a value becomes in a type. */
function converted(value: number, to: DType): number {
  if (to === "bool") return Number(value !== 0);
  if (to === "float16") return f16ToF32(f32ToF16(Float32Array.of(value)))[0];
  if (to === "float32") return value;
  const whole = Math.trunc(value);
  return to === "uint32" ? Math.max(0, whole) : whole;
}

for (const from of Object.keys(VALUES) as DType[]) {
  test(`${from} becomes every type`, async (device) => {
    const x = tensor(device, VALUES[from], undefined, from);
    // The values as stored: 1e-9 and the like are already rounded.
    const stored = [...(await x.data())];
    for (const to of Object.keys(VALUES) as DType[]) {
      if (to === from) continue;
      // A negative whole number has no uint32; it wraps.
      const want = stored.map((v) => (from === "int32" && to === "uint32" ? v >>> 0 : converted(v, to)));
      const y = cast(x, to);
      assert.is(y.dtype, to);
      assert.equal(y.shape, x.shape);
      close(await y.data(), want, 0, `${from} to ${to}`);
      y.dispose();
    }
    x.dispose();
  });
}

test("float16 rounds to the nearest, odd lengths and empty tensors included", async (device) => {
  for (const n of [0, 1, 2, 3, 1001]) {
    const values = random(n, n, -300, 300);
    const x = tensor(device, values);
    const half = await valuesOf(() => cast(x, "float16"));
    close(half, f16ToF32(f32ToF16(values)), 0, `${n} values`);
    close(await valuesOf(() => cast(cast(x, "float16"), "float32")), half, 0);
    x.dispose();
  }
});

test("the type a tensor has costs nothing", (device) => {
  const x = tensor(device, [1, 2]);
  assert.is(cast(x, "float32"), x);
  x.dispose();
});

test.run();
