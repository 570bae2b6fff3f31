// Half-precision conversions done on bits, so NaN, infinities, subnormals and signed zeros survive.

/**
 * Widens IEEE 754 binary16 bit patterns to float32, exactly.
 *
 * @example
 * f16ToF32(Uint16Array.of(0x3c00)) // Float32Array [1]
 */
export function f16ToF32(bits: Uint16Array): Float32Array {
  floats ??= Uint32Array.from({ length: 2 ** 16 }, (_, h) => floatOfHalf(h));
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = floats[bits[i]];
  return new Float32Array(out.buffer);
}

/** The float32 of every half, made at the first use. */
let floats: Uint32Array | undefined;

function floatOfHalf(h: number): number {
  const sign = (h & 0x8000) << 16;
  const exponent = (h >> 10) & 0x1f;
  const mantissa = h & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (mantissa << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (mantissa << 13);
  if (mantissa === 0) return sign;
  // Subnormal half, normal float: shift the leading one up into its implicit place.
  const shift = Math.clz32(mantissa) - 21;
  return sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
}

/**
 * Narrows float32 to IEEE 754 binary16 bit patterns, rounding to nearest, ties to even.
 *
 * @example
 * f32ToF16(Float32Array.of(1)) // Uint16Array [0x3c00]
 */
export function f32ToF16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  const source = bitsOf(values);
  for (let i = 0; i < source.length; i++) out[i] = halfOfFloat(source[i]);
  return out;
}

function halfOfFloat(x: number): number {
  const sign = (x >>> 16) & 0x8000;
  const a = x & 0x7fffffff;
  if (a > 0x7f800000) return sign | 0x7e00 | ((a >>> 13) & 0x3ff);
  if (a >= 0x47800000) return sign | 0x7c00;
  if (a >= 0x38800000) return sign | roundShift(a - 0x38000000, 13);
  if (a < 0x33000000) return sign;
  return sign | roundShift((a & 0x7fffff) | 0x800000, 126 - (a >>> 23));
}

/** `q >> shift`, rounded to nearest, ties to even; a carry runs into the exponent, as it should. */
function roundShift(value: number, shift: number): number {
  const q = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (q & 1) === 1) ? q + 1 : q;
}

/**
 * Widens bfloat16 bit patterns to float32, exactly.
 *
 * @example
 * bf16ToF32(Uint16Array.of(0x3f80)) // Float32Array [1]
 */
export function bf16ToF32(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i] << 16;
  return new Float32Array(out.buffer);
}

/**
 * Narrows float32 to bfloat16 bit patterns, rounding to nearest, ties to even.
 *
 * @example
 * f32ToBf16(Float32Array.of(1)) // Uint16Array [0x3f80]
 */
export const f32ToBf16 = (values: Float32Array): Uint16Array =>
  Uint16Array.from(bitsOf(values), (x) =>
    // Rounding a NaN could carry into infinity: set its quiet bit instead.
    (x & 0x7fffffff) > 0x7f800000 ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16,
  );

const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length);
