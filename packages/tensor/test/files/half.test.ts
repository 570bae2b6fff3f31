import { test } from "uvu";
import * as assert from "uvu/assert";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "../../src/files/half.js";

/** The value of a binary16 pattern from its definition, in float64. */
function halfValue(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const mantissa = h & 0x3ff;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * (1 + mantissa / 1024) * 2 ** (exponent - 15) : sign * (mantissa / 1024) * 2 ** -14;
}

test("every float16 pattern widens to its value and narrows back to itself", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const wide = f16ToF32(all);
  const back = f32ToF16(wide);
  for (let h = 0; h < 65536; h++) {
    if (!Object.is(wide[h], halfValue(h))) assert.unreachable(`0x${h.toString(16)}: ${wide[h]}`);
    const quiet = Number.isNaN(wide[h]) ? h | 0x200 : h;
    if (back[h] !== quiet) assert.unreachable(`0x${h.toString(16)} came back as 0x${back[h].toString(16)}`);
  }
});

test("float16 rounds to nearest, ties to even, at every midpoint between neighbours", () => {
  for (let h = 0; h < 0x7bff; h++) {
    const [low, high] = [halfValue(h), halfValue(h + 1)];
    const middle = (low + high) / 2;
    const even = h & 1 ? h + 1 : h;
    const step = middle * 2 ** -20;
    const got = f32ToF16(Float32Array.of(middle - step, middle, middle + step, -middle));
    const want = [h, even, h + 1, 0x8000 | even];
    if (got.some((g, i) => g !== want[i])) assert.unreachable(`0x${h.toString(16)}: ${got} but want ${want}`);
  }
});

test("float16 overflow starts at 65520, underflow at 2^-25", () => {
  const values = Float32Array.of(65519.996, 65520, 1e38, 2 ** -25, 2 ** -25 * 1.0001, -0);
  assert.equal([...f32ToF16(values)], [0x7bff, 0x7c00, 0x7c00, 0, 1, 0x8000]);
});

test("bfloat16 rounds to nearest even, keeps NaN and infinities", () => {
  const bits = Uint32Array.of(
    0x3f808000,
    0x3f818000,
    0x3f808001,
    0x7f7fffff,
    0x7f800000,
    0x7f800001,
    0xff800000,
  );
  const got = f32ToBf16(new Float32Array(bits.buffer));
  assert.equal([...got], [0x3f80, 0x3f82, 0x3f81, 0x7f80, 0x7f80, 0x7fc0, 0xff80]);
  assert.equal([...bf16ToF32(Uint16Array.of(0x3f80, 0xc000, 0x0001))], [1, -2, 2 ** -133]);
});

test.run();
