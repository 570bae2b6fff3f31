/**
 * (k mod 4, r) of large x = k pi / 2 + r: Payne and Hanek 1983. x = m 2^e with m of 24 bits, and m times bits e - 1 to e + 94 of 2 / pi
 * is x / (pi / 2) modulo 4, as the higher bits give multiples of 4: two bits of k, then 94 of the fraction, of which r needs 55. `words` are 32 zeros and the bits of 2 / pi.
 */
const FAR_QUADRANT = `fn far_quadrant(x: f32) -> vec2f {
  var words = array<u32, 8>(
    0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu
  );
  let bits = bitcast<u32>(x);
  let m = (bits & 0x7fffffu) | 0x800000u;
  let first = min((bits >> 23u) - 120u, 134u);
  let at = first / 32u;
  let left = first % 32u;
  // In two steps, since a shift by 32 is none.
  let right = 31u - left;
  let w0 = (words[at] << left) | ((words[at + 1u] >> 1u) >> right);
  let w1 = (words[at + 1u] << left) | ((words[at + 2u] >> 1u) >> right);
  let w2 = (words[at + 2u] << left) | ((words[at + 3u] >> 1u) >> right);
  let low = m * w2;
  let middle = m * w1 + high_product(m, w2);
  let top = m * w0 + high_product(m, w1) + select(0u, 1u, middle < m * w1);
  let k = (top + 0x20000000u) >> 30u;
  var high = (top << 2u) | (middle >> 30u);
  var rest = (middle << 2u) | (low >> 30u);
  let negative = high >= 0x80000000u;
  if (negative) {
    rest = ~rest + 1u;
    high = ~high + select(0u, 1u, rest == 0u);
  }
  let zeros = countLeadingZeros(high);
  let leading = select((high << zeros) | ((rest >> 1u) >> (31u - zeros)), rest, zeros > 31u);
  let size = f32(leading) * bitcast<f32>((95u - zeros) << 23u) * 1.5707963267948966;
  return vec2f(f32(k), select(size, -size, negative));
}`;

/**
 * WGSL functions that replace imprecise built-ins. Drivers fold `x != x` to false and `max(NaN, 0)` to 0, so NaN is recognised by its
 * bits. WGSL rejects constants that are not finite, so these are made at run time. Built-in exp, log, sin and cos may be off by thousands of
 * units in the last place (log near 1, exp and sin of large values); these are within a few.
 */
export const FLOAT = {
  is_nan: "fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }",
  is_finite: "fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u; }",
  nan: "fn nan() -> f32 { var bits = 0x7fc00000u; return bitcast<f32>(bits); }",
  // pack2x16float may give anything for NaN and for what float16 cannot hold; SwiftShader gives NaN.
  pack_half: `fn pack_half(v: vec2f) -> u32 {
  let over = abs(v) >= vec2f(65520.0);
  let signs = bitcast<vec2u>(v) & vec2u(0x80000000u);
  let infinite = (signs >> vec2u(16u, 0u)) | vec2u(0x7c00u, 0x7c000000u);
  let packed = vec2u(pack2x16float(select(v, vec2f(), over))) & vec2u(0xffffu, 0xffff0000u);
  let none = (bitcast<vec2u>(v) & vec2u(0x7fffffffu)) > vec2u(0x7f800000u);
  let halves = select(select(packed, infinite, over), vec2u(0x7e00u, 0x7e000000u), none);
  return halves.x | halves.y;
}`,
  infinity: "fn infinity() -> f32 { var bits = 0x7f800000u; return bitcast<f32>(bits); }",

  // x = n ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts, the first of 9 bits; then seven terms of the series. n stands in
  // two forms: Mesa folds the same factor of two fused multiply-adds, and with it the second part, away.
  precise_exp: `fn power_of_two(n: i32) -> f32 { return bitcast<f32>(u32(n + 127) << 23u); }
fn precise_exp(x: f32) -> f32 {
  let n = round(clamp(x, -110.0, 100.0) * 1.4426950408889634);
  let whole = i32(n);
  let r = fma(f32(whole), 2.1219444e-4, fma(n, -0.693359375, x));
  let half = whole / 2;
  let tail = fma(r, fma(r, fma(r, fma(r, ${1 / 5040}, ${1 / 720}), ${1 / 120}), ${1 / 24}), ${1 / 6});
  let value = (1.0 + fma(r * r, fma(r, tail, 0.5), r)) * power_of_two(half) * power_of_two(whole - half);
  return select(select(value, infinity(), x > 89.0), 0.0, x < -104.0);
}`,

  // x = 2^e m with m in [0.7, 1.42); log m = 2 atanh((m - 1) / (m + 1)), four terms of its series.
  precise_log: `fn precise_log(x: f32) -> f32 {
  let tiny = x < 1.17549435e-38;
  let bits = bitcast<u32>(select(x, x * 16777216.0, tiny));
  let e = (bits - 0x3f3504f3u) & 0xff800000u;
  let m = bitcast<f32>(bits - e);
  let s = (m - 1.0) / (m + 1.0);
  let z = s * s;
  let tail = s * z * fma(z, fma(z, fma(z, ${2 / 9}, ${2 / 7}), 0.4), ${2 / 3});
  let n = f32(bitcast<i32>(e) >> 23u) - select(0.0, 24.0, tiny);
  let value = fma(n, 0.693359375, fma(n, -2.1219444e-4, tail) + 2.0 * s);
  let edge = select(select(nan(), -infinity(), x == 0.0), x, x > 3.4e38);
  return select(edge, value, x > 0.0 && is_finite(x));
}`,

  // Quadrant k and remainder r of x / (pi / 2), pi / 2 in three parts so that k times the first two is exact for
  // |x| < 12000; further out by `far_quadrant`. Then Taylor series on |r| <= pi / 4.
  sine: `${FAR_QUADRANT}
fn sine_of_quadrant(x: f32, shift: i32) -> f32 {
  var k = round(x * 0.6366197723675814);
  var r = ((x - k * 1.5703125) - k * 4.837512969970703e-4) - k * 7.54978995489188e-8;
  if (abs(x) > 10000.0) {
    let far = far_quadrant(abs(x)) * sign(x);
    k = far.x;
    r = far.y;
  }
  let z = r * r;
  let odd = fma(r * z, fma(z, fma(z, fma(z, ${1 / 362880}, ${-1 / 5040}), ${1 / 120}), ${-1 / 6}), r);
  let even = fma(z, fma(z, fma(z, fma(z, ${1 / 40320}, ${-1 / 720}), ${1 / 24}), -0.5), 1.0);
  let q = (i32(k) + shift) & 3;
  let value = select(odd, even, (q & 1) == 1);
  return select(nan(), select(value, -value, q > 1), is_finite(x));
}
fn sine(x: f32) -> f32 { return sine_of_quadrant(x, 0); }
fn cosine(x: f32) -> f32 { return sine_of_quadrant(x, 1); }`,

  // Whole powers by repeated squaring, so that negative bases work and small powers are exact to a few units.
  power: `fn power(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) { return 1.0; }
  if (is_nan(x) || is_nan(y)) { return nan(); }
  let whole = y == trunc(y);
  if (whole && abs(y) <= 64.0) {
    var n = u32(abs(y));
    var base = x;
    var value = 1.0;
    while (n > 0u) {
      if ((n & 1u) == 1u) { value *= base; }
      base *= base;
      n >>= 1u;
    }
    return select(value, 1.0 / value, y < 0.0);
  }
  if (abs(x) == 1.0 && !is_finite(y)) { return 1.0; }
  let odd = whole && abs(y) < 16777216.0 && (i32(y) & 1) == 1;
  let size = precise_exp(y * precise_log(abs(x)));
  let negative = x < 0.0;
  if (negative && !whole && is_finite(x)) { return nan(); }
  return select(size, -size, negative && odd);
}`,
} as const;

/** Functions of whole numbers; dividing by 0 gives 0. */
export const WHOLE = {
  // The upper word of a product. WGSL has no 64-bit product, so it is built from halves.
  high_product: `fn high_product(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u);
}`,
  floor_divide_i32: `fn floor_divide(a: i32, b: i32) -> i32 {
  if (b == 0) { return 0; }
  let q = a / b;
  return select(q, q - 1, a % b != 0 && (a < 0) != (b < 0));
}`,
  remainder_i32: `fn remainder(a: i32, b: i32) -> i32 {
  if (b == 0) { return 0; }
  let r = a % b;
  return select(r, r + b, r != 0 && (r < 0) != (b < 0));
}`,
  floor_divide_u32: `fn floor_divide(a: u32, b: u32) -> u32 {
  if (b == 0u) { return 0u; }
  return a / b;
}`,
  remainder_u32: `fn remainder(a: u32, b: u32) -> u32 {
  if (b == 0u) { return 0u; }
  return a % b;
}`,
} as const;
