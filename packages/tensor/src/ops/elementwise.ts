import { FLOAT, WHOLE } from "../kernels/float.js";
import { MATH } from "../kernels/math.js";
import type { Tensor } from "../tensor.js";
import { equal, greater, greaterEqual, less, lessEqual, logicalAnd, where } from "./comparison.js";
import { INTEGERS, NUMBERS } from "./define.js";
import {
  type Binary,
  binary,
  type Operand,
  type Row,
  type Slope,
  type Ternary,
  ternary,
  type Unary,
  unary,
} from "./elementwise-run.js";
import { erfReference, power, roundToEven } from "./reference-math.js";

export type { Operand } from "./elementwise-run.js";

/* Arithmetic and functions of one number: a row each, which is all there is to an op. */

/** Types with a sign. */
const SIGNED = ["float32", "int32"] as const;

/** A row whose gradient is g times a derivative that is worked out from the input, or from the output. */
export const ofInput = (derivative: (x: Tensor) => Operand): Row["slopes"] => ({
  a: { saves: ["a"], vjp: ({ g, a }) => mul(g, derivative(a)) },
});
export const ofOutput = (derivative: (y: Tensor) => Operand): Row["slopes"] => ({
  a: { saves: ["out"], vjp: ({ g, out }) => mul(g, derivative(out)) },
});

/** The gradient of the operand that a maximum or minimum took; equal ones share it, as in PyTorch, and a NaN passes it on. */
const ofTaken = (wins: Binary): Row["slopes"] => {
  const slope = (own: "a" | "b", other: "a" | "b"): Slope => ({
    saves: ["a", "b"],
    vjp: ({ g, [own]: x, [other]: y }) => where(wins(y, x), 0, mul(g, where(equal(x, y), 0.5, 1))),
  });
  return { a: slope("a", "b"), b: slope("b", "a") };
};

/** a + b. @example add(x, 1); */
export const add: Binary = binary("add", {
  takes: NUMBERS,
  wgsl: "a + b",
  reference: (a, b) => a + b,
  slopes: { a: { vjp: ({ g }) => g }, b: { vjp: ({ g }) => g } },
});

/** a - b. @example sub(1, x); */
export const sub: Binary = binary("sub", {
  takes: NUMBERS,
  wgsl: "a - b",
  reference: (a, b) => a - b,
  slopes: { a: { vjp: ({ g }) => g }, b: { vjp: ({ g }) => neg(g) } },
});

/** a * b. @example mul(x, mask); */
export const mul: Binary = binary("mul", {
  takes: NUMBERS,
  wgsl: "a * b",
  reference: (a, b) => a * b,
  slopes: {
    a: { saves: ["b"], vjp: ({ g, b }) => mul(g, b) },
    b: { saves: ["a"], vjp: ({ g, a }) => mul(g, a) },
  },
});

/** a / b, floats only; whole numbers take `floorDivide`. @example div(x, 255); */
export const div: Binary = binary("div", {
  wgsl: "a / b",
  reference: (a, b) => a / b,
  slopes: {
    a: { saves: ["b"], vjp: ({ g, b }) => div(g, b) },
    // Not by the square of b, which leaves the range of float32 long before a / b^2 does.
    b: { saves: ["b", "out"], vjp: ({ g, b, out }) => mul(neg(div(g, b)), out) },
  },
});

/** Operands may be numbers, whose arithmetic needs no device. */
const minusOne = (b: Operand): Operand => (typeof b === "number" ? b - 1 : sub(b, 1));
/** The derivative of a^b by a; 0 where b is 0, also at a = 0. */
const baseSlope = (a: Tensor, b: Operand): Operand => {
  if (b === 0) return 0;
  const slope = mul(b, pow(a, minusOne(b)));
  return typeof b === "number" ? slope : where(equal(b, 0), 0, slope);
};
/** The derivative of `out` = a^b by b; 0 at a = 0 unless b is negative, as in PyTorch. */
const exponentSlope = (a: Operand, b: Tensor, out: Tensor): Tensor => {
  if (typeof a === "number" && a !== 0) return mul(out, Math.log(a));
  const held = greaterEqual(b, 0);
  if (typeof a === "number") return where(held, 0, mul(out, Number.NEGATIVE_INFINITY));
  return where(logicalAnd(equal(a, 0), held), 0, mul(out, log(a)));
};

/** a to the power b; a negative base takes whole powers, else NaN. Relative error 6e-6. @example pow(x, 3); */
export const pow: Binary = binary("pow", {
  wgsl: "power(a, b)",
  uses: [
    FLOAT.is_nan,
    FLOAT.is_finite,
    FLOAT.nan,
    FLOAT.infinity,
    FLOAT.precise_exp,
    FLOAT.precise_log,
    FLOAT.power,
  ],
  reference: power,
  slopes: {
    a: { saves: ["a", "b"], vjp: ({ g, a, b }) => mul(g, baseSlope(a, b)) },
    b: { saves: ["a", "b", "out"], vjp: ({ g, a, b, out }) => mul(g, exponentSlope(a, b, out)) },
  },
});

/** a / b of whole numbers rounded down; 0 where b is 0. @example const row = floorDivide(index, 15); */
export const floorDivide: Binary = binary("floorDivide", {
  takes: INTEGERS,
  wgsl: "floor_divide(a, b)",
  uses: { int32: [WHOLE.floor_divide_i32], uint32: [WHOLE.floor_divide_u32] },
  reference: (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
  slopes: null,
});

/** What `floorDivide` leaves, with the sign of b; 0 where b is 0. @example const column = remainder(index, 15); */
export const remainder: Binary = binary("remainder", {
  takes: INTEGERS,
  wgsl: "remainder(a, b)",
  uses: { int32: [WHOLE.remainder_i32], uint32: [WHOLE.remainder_u32] },
  reference: (a, b) => (b === 0 ? 0 : a - b * Math.floor(a / b)),
  slopes: null,
});

/* @__NO_SIDE_EFFECTS__ */
const extreme = (name: string, of: "max" | "min", wins: Binary): Binary =>
  binary(name, {
    takes: NUMBERS,
    wgsl: `${of}(a, b)`,
    guard: true,
    reference: (a, b) => Math[of](a, b),
    slopes: ofTaken(wins),
  });

/** The larger of two; NaN where one is NaN. @example maximum(a, b); */
export const maximum: Binary = extreme("maximum", "max", greater);

/** The smaller of two; NaN where one is NaN. @example minimum(a, b); */
export const minimum: Binary = extreme("minimum", "min", less);

/**
 * x held to [low, high]; `high` where low is above high; an infinite bound is none. Gradients flow to x where it lies between.
 *
 * @example clamp(x, 0, 1);
 */
export const clamp: Ternary = ternary("clamp", {
  takes: NUMBERS,
  bounded: true,
  wgsl: "min(max(a, b), c)",
  guard: true,
  reference: (a, low, high) => Math.min(Math.max(a, low), high),
  slopes: {
    a: {
      saves: ["a", "b", "c"],
      vjp: ({ g, a, b, c }) => where(logicalAnd(greaterEqual(a, b), lessEqual(a, c)), g, 0),
    },
  },
});

/** -x. */
export const neg: Unary = unary("neg", {
  takes: SIGNED,
  wgsl: "-a",
  reference: (a) => -a,
  slopes: { a: { vjp: ({ g }) => neg(g) } },
});
/** |x|. */
export const abs: Unary = unary("abs", {
  takes: SIGNED,
  wgsl: "abs(a)",
  reference: Math.abs,
  slopes: ofInput((x) => sign(x)),
});
/** -1, 0 or 1. */
export const sign: Unary = unary("sign", {
  takes: SIGNED,
  wgsl: "sign(a)",
  guard: true,
  reference: Math.sign,
  slopes: null,
});
/** x * x. */
export const square: Unary = unary("square", {
  takes: NUMBERS,
  wgsl: "a * a",
  reference: (a) => a * a,
  slopes: ofInput((x) => mul(x, 2)),
});
/** 1 / x. */
export const reciprocal: Unary = unary("reciprocal", {
  wgsl: "1.0 / a",
  reference: (a) => 1 / a,
  // Factor by factor: the square alone may leave the range of float32.
  slopes: { a: { saves: ["out"], vjp: ({ g, out }) => mul(mul(g, out), neg(out)) } },
});
/** The square root; NaN below 0. */
export const sqrt: Unary = unary("sqrt", {
  wgsl: "sqrt(a)",
  reference: Math.sqrt,
  slopes: ofOutput((y) => div(0.5, y)),
});
/** 1 / sqrt(x). */
export const rsqrt: Unary = unary("rsqrt", {
  wgsl: "inverseSqrt(a)",
  reference: (a) => 1 / Math.sqrt(a),
  slopes: { a: { saves: ["out"], vjp: ({ g, out }) => mul(mul(mul(mul(g, out), out), out), -0.5) } },
});
/** e to the power x. */
export const exp: Unary = unary("exp", {
  wgsl: "precise_exp(a)",
  uses: [FLOAT.infinity, FLOAT.precise_exp],
  guard: true,
  reference: Math.exp,
  slopes: ofOutput((y) => y),
});
/** The natural logarithm; NaN below 0. */
export const log: Unary = unary("log", {
  wgsl: "precise_log(a)",
  uses: [FLOAT.is_finite, FLOAT.nan, FLOAT.infinity, FLOAT.precise_log],
  guard: true,
  reference: Math.log,
  slopes: { a: { saves: ["a"], vjp: ({ g, a }) => div(g, a) } },
});
const TRIGONOMETRY = [FLOAT.is_finite, FLOAT.nan, WHOLE.high_product, FLOAT.sine];
/** The sine of x in radians; absolute error 2e-7 at any size. */
export const sin: Unary = unary("sin", {
  wgsl: "sine(a)",
  uses: TRIGONOMETRY,
  guard: true,
  reference: Math.sin,
  slopes: ofInput((x) => cos(x)),
});
/** The cosine of x in radians; absolute error 2e-7 at any size. */
export const cos: Unary = unary("cos", {
  wgsl: "cosine(a)",
  uses: TRIGONOMETRY,
  guard: true,
  reference: Math.cos,
  slopes: ofInput((x) => neg(sin(x))),
});
/* @__NO_SIDE_EFFECTS__ */
const rounding = (name: string, reference: (a: number) => number): Unary =>
  unary(name, { wgsl: `${name}(a)`, guard: true, reference, slopes: null });

/** The largest whole number not above x. */
export const floor: Unary = rounding("floor", Math.floor);
/** The smallest whole number not below x. */
export const ceil: Unary = rounding("ceil", Math.ceil);
/** The nearest whole number, of two the even one. */
export const round: Unary = rounding("round", roundToEven);
/** The error function; absolute error 2e-7. */
export const erf: Unary = unary("erf", {
  wgsl: "erf(a)",
  uses: [MATH.erf],
  guard: true,
  reference: erfReference,
  slopes: ofInput((x) => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
});
