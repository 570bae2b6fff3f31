/**
 * WGSL functions that WebGPU lacks or leaves imprecise. Coefficients are our own least-squares fits at Chebyshev
 * nodes; errors against float64 over all of float32's range: erf 1.3e-7 absolute, tanh 1e-7 relative; GELU 2e-7 relative above 0
 * and 1e-7 absolute below.
 */

function horner(x: string, coefficients: readonly number[]): string {
  return coefficients
    .slice(0, -1)
    .reduceRight((inner, c) => `fma(${x}, ${inner}, ${c})`, `${coefficients.at(-1)}`);
}

const ERF_SMALL = [
  1.128379165881502, -0.3761262690358014, 0.11283597463485273, -0.026854328795956242, 0.005189311942476537,
  -0.0008018854990914868, 7.882497103765002e-5,
];
/** -ln(erfc(x)) on [1, 4]. */
const ERFC_LOG = [
  -0.0003032129761063431, 1.1301666755322073, 0.6319370936298868, 0.1099782451619635, -0.026364717381713604,
  0.0047402223480209294, -0.000592769539149782, 4.5590622598483594e-5, -1.6140616106165665e-6,
];
/** log2(erfc(x / sqrt(2))) / x on [0, 6]; past it GELU is x or 0 within 1e-8. */
const GELU_LOG = [
  -1.151104847, -0.4592161353, -0.05245267025, 0.006961154262, -1.312989041e-5, -0.0002690366078,
  7.017860243e-5, -8.762627977e-6, 4.584947447e-7,
];
const TANH_SMALL = [
  -0.333333290990879, 0.13332782246271085, -0.05385249583508423, 0.02100363564529892, -0.0061049416676405505,
];

/** Below it a gated x is 0; bounded, so that no infinity meets a zero. */
const BOUNDED = "let x = max(given, -120.0);";

/** Functions by name; `needed` in a kernel's `declare`. */
export const MATH = {
  erf: `fn erf(x: f32) -> f32 {
  let a = min(abs(x), 4.0);
  let s = a * a;
  let small = a * (${horner("s", ERF_SMALL)});
  let large = 1.0 - exp(-(${horner("a", ERFC_LOG)}));
  return select(large, small, a < 1.0) * sign(x);
}`,
  precise_tanh: `fn precise_tanh(x: f32) -> f32 {
  let s = x * x;
  let small = fma(x * s, ${horner("s", TANH_SMALL)}, x);
  let large = (1.0 - 2.0 / (exp(2.0 * min(abs(x), 20.0)) + 1.0)) * sign(x);
  return select(large, small, abs(x) < 0.625);
}`,
  sigmoid: `fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }`,
  silu: `fn silu(given: f32) -> f32 {
  ${BOUNDED}
  return x * sigmoid(x);
}`,
  // log(1 + e) by its series where e would vanish beside 1.
  softplus: `fn softplus(x: f32) -> f32 {
  let e = precise_exp(-abs(x));
  let small = e * fma(e, fma(e, fma(e, -0.25, ${1 / 3}), -0.5), 1.0);
  return max(x, 0.0) + select(precise_log(1.0 + e), small, e < 0.03125);
}`,
  // Far out it is 0 and 1; bounded, so that no infinity meets a zero.
  quick_gelu_slope: `fn quick_gelu_slope(a: f32) -> f32 {
  let x = 1.702 * clamp(a, -60.0, 60.0);
  let s = 1.0 / (1.0 + exp(-x));
  return s * fma(x, 1.0 - s, 1.0);
}`,
} as const;

/** Activations that matmul can fuse, as WGSL functions of one float32. They may lose a NaN, which the kernel puts back. */
export const ACTIVATIONS = {
  relu: "fn activate(x: f32) -> f32 { return max(x, 0.0); }",
  sigmoid: `${MATH.sigmoid}\nfn activate(x: f32) -> f32 { return sigmoid(x); }`,
  tanh: `${MATH.precise_tanh}\nfn activate(x: f32) -> f32 { return precise_tanh(x); }`,
  // x (1 + erf(x / sqrt(2))) / 2 as max(x, 0) - |x| erfc(|x| / sqrt(2)) / 2: one polynomial, no cancellation.
  gelu: `fn activate(x: f32) -> f32 {
  let a = min(abs(x), 6.0);
  let tail = exp2(a * (${horner("a", GELU_LOG)}));
  return fma(-0.5 * a, tail, max(x, 0.0));
}`,
  gelu_tanh: `${MATH.precise_tanh}
fn activate(given: f32) -> f32 {
  ${BOUNDED}
  return 0.5 * x * (1.0 + precise_tanh(0.7978845608028654 * fma(0.044715 * x * x, x, x)));
}`,
  quick_gelu: `${MATH.sigmoid}
fn activate(given: f32) -> f32 {
  ${BOUNDED}
  return x * sigmoid(1.702 * x);
}`,
} as const;

/** `gelu` is exact (erf), `gelu_tanh` its tanh form, `quick_gelu` is x * sigmoid(1.702 x) (OpenAI's CLIP). */
export type Activation = keyof typeof ACTIVATIONS;
