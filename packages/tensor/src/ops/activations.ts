import { FLOAT } from "../kernels/float.js";
import { ACTIVATIONS, MATH } from "../kernels/math.js";
import { greater, where } from "./comparison.js";
import { add, clamp, erf, exp, mul, ofInput, ofOutput, square, sub } from "./elementwise.js";
import { type Unary, unary } from "./elementwise-run.js";
import { erfReference, sigmoidReference } from "./reference-math.js";

/* Activations. Those that a matrix product can fuse share their WGSL with it. */

/** Where the slope of a gated x is 0 or 1 in float32: further out no power of it may overflow. */
const FLAT = 100;

/** x times a gate that closes faster than x grows: 0 at -Infinity. */
const gated = (gate: (a: number) => number) => (a: number) =>
  a === Number.NEGATIVE_INFINITY ? 0 : a * gate(a);

/** The hyperbolic tangent. */
export const tanh: Unary = unary("tanh", {
  wgsl: "precise_tanh(a)",
  uses: [MATH.precise_tanh],
  guard: true,
  reference: Math.tanh,
  slopes: ofOutput((y) => sub(1, square(y))),
});

/** 1 / (1 + exp(-x)); relative error 2e-6 down to 1e-12, absolute 1e-12 below. */
export const sigmoid: Unary = unary("sigmoid", {
  wgsl: "sigmoid(a)",
  uses: [MATH.sigmoid],
  guard: true,
  reference: sigmoidReference,
  slopes: ofOutput((y) => mul(y, sub(1, y))),
});

/** max(x, 0). */
export const relu: Unary = unary("relu", {
  wgsl: "activate(a)",
  uses: [ACTIVATIONS.relu],
  guard: true,
  reference: (a) => Math.max(a, 0),
  slopes: { a: { saves: ["out"], vjp: ({ g, out }) => where(greater(out, 0), g, 0) } },
});

/** x * Phi(x) with the normal distribution function exact (Hendrycks and Gimpel 2016). */
export const gelu: Unary = unary("gelu", {
  wgsl: "activate(a)",
  uses: [ACTIVATIONS.gelu],
  guard: true,
  reference: gated((a) => 0.5 * (1 + erfReference(a / Math.SQRT2))),
  slopes: ofInput((given) => {
    const x = clamp(given, -FLAT, FLAT);
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return add(mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5), mul(x, density));
  }),
});

const SQRT_2_PI = Math.sqrt(2 / Math.PI);

/** The tanh form of `gelu`. */
export const geluTanh: Unary = unary("geluTanh", {
  wgsl: "activate(a)",
  uses: [ACTIVATIONS.gelu_tanh],
  guard: true,
  reference: gated((a) => 0.5 * (1 + Math.tanh(SQRT_2_PI * (a + 0.044715 * a ** 3)))),
  slopes: ofInput((given) => {
    const x = clamp(given, -FLAT, FLAT);
    const t = tanh(mul(mul(x, add(mul(square(x), 0.044715), 1)), SQRT_2_PI));
    const slope = mul(add(mul(square(x), 3 * 0.044715), 1), SQRT_2_PI);
    return add(mul(add(t, 1), 0.5), mul(mul(mul(x, 0.5), sub(1, square(t))), slope));
  }),
});

/** x * sigmoid(1.702 x), the form in OpenAI's CLIP; as exact as `sigmoid`. */
export const quickGelu: Unary = unary("quickGelu", {
  wgsl: "activate(a)",
  uses: [ACTIVATIONS.quick_gelu],
  guard: true,
  reference: gated((a) => sigmoidReference(1.702 * a)),
  slopes: ofInput((x) => quickGeluSlope(x)),
});

/** The derivative of quickGelu, for its gradient. */
export const quickGeluSlope: Unary = unary("quickGeluSlope", {
  wgsl: "quick_gelu_slope(a)",
  uses: [MATH.quick_gelu_slope],
  guard: true,
  reference: (a) => {
    const x = 1.702 * Math.min(60, Math.max(-60, a));
    return sigmoidReference(x) * (1 + x * (1 - sigmoidReference(x)));
  },
  slopes: ofInput((given) => {
    const x = mul(clamp(given, -60, 60), 1.702);
    const s = sigmoid(x);
    return mul(mul(s, sub(1, s)), mul(add(mul(x, sub(1, mul(s, 2))), 2), 1.702));
  }),
});

/** x * sigmoid(x), as exact as `sigmoid`, also called swish (Elfwing et al. 2018). */
export const silu: Unary = unary("silu", {
  wgsl: "silu(a)",
  uses: [MATH.sigmoid, MATH.silu],
  guard: true,
  reference: gated(sigmoidReference),
  slopes: ofInput((given) => {
    const x = clamp(given, -FLAT, FLAT);
    const s = sigmoid(x);
    return mul(s, add(mul(x, sub(1, s)), 1));
  }),
});

/** log(1 + exp(x)), without overflow and exact also where exp(x) is small. */
export const softplus: Unary = unary("softplus", {
  wgsl: "softplus(a)",
  uses: [FLOAT.is_finite, FLOAT.nan, FLOAT.infinity, FLOAT.precise_exp, FLOAT.precise_log, MATH.softplus],
  guard: true,
  reference: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  slopes: ofInput((x) => sigmoid(x)),
});
