// Half-precision conversions done on bits, so NaN, infinities, subnormals and signed zeros survive.

/**
 * Widens IEEE 754 binary16 bit patterns to float32, exactly.
 *
 * @example
 * f16ToF32(Uint16Array.of(0x3c00)) // Float32Array [1]
 */
export function f16ToF32(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const h = bits[i];
    const sign = (h & 0x8000) << 16;
    const exponent = (h >> 10) & 0x1f;
    let mantissa = h & 0x3ff;
    if (exponent === 0x1f) out[i] = sign | 0x7f800000 | (mantissa << 13);
    else if (exponent > 0) out[i] = sign | ((exponent + 112) << 23) | (mantissa << 13);
    else if (mantissa === 0) out[i] = sign;
    else {
      // Subnormal half, normal float: shift the leading one up into its implicit place.
      const shift = Math.clz32(mantissa) - 21;
      mantissa = (mantissa << shift) & 0x3ff;
      out[i] = sign | ((113 - shift) << 23) | (mantissa << 13);
    }
  }
  return new Float32Array(out.buffer);
}

/**
 * Narrows float32 to IEEE 754 binary16 bit patterns, rounding to nearest, ties to even.
 *
 * @example
 * f32ToF16(Float32Array.of(1)) // Uint16Array [0x3c00]
 */
export function f32ToF16(values: Float32Array): Uint16Array {
  const source = bitsOf(values);
  const out = new Uint16Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const x = source[i];
    const sign = (x >>> 16) & 0x8000;
    const a = x & 0x7fffffff;
    if (a > 0x7f800000) out[i] = sign | 0x7e00 | ((a >>> 13) & 0x3ff);
    else if (a >= 0x47800000) out[i] = sign | 0x7c00;
    else if (a >= 0x38800000) out[i] = sign | roundShift(a - 0x38000000, 13);
    else if (a < 0x33000000) out[i] = sign;
    else out[i] = sign | roundShift((a & 0x7fffff) | 0x800000, 126 - (a >>> 23));
  }
  return out;
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
export function f32ToBf16(values: Float32Array): Uint16Array {
  const source = bitsOf(values);
  const out = new Uint16Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const x = source[i];
    // Rounding a NaN could carry into infinity: set its quiet bit instead.
    out[i] = (x & 0x7fffffff) > 0x7f800000 ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return out;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
