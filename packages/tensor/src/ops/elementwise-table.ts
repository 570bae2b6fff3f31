import type { ComputeType } from "../dtype.js";
import { FLOAT, WHOLE } from "../kernels/float.js";
import { ACTIVATIONS, MATH } from "../kernels/math.js";

/** An elementwise op as data. Operands are `a`, `b` and `c` in the WGSL and, in order, in the reference. */
export interface ElementwiseOp {
  readonly arity: 1 | 2 | 3;
  /** Types of the operands, which share one; with `condition`, the first is bool and the others share one. */
  readonly takes: readonly ComputeType[];
  readonly condition?: true;
  /** Type of the result where it is not that of the operands. */
  readonly gives?: "bool";
  /** The value, of the operands' type; or one text for each type where they differ. */
  readonly wgsl: string | Partial<Record<ComputeType, string>>;
  /** WGSL functions that the expression calls, or one list for each type. */
  readonly uses?: readonly string[] | Partial<Record<ComputeType, readonly string[]>>;
  /** The expression may lose a NaN on some drivers: the kernel puts it back. */
  readonly guard?: true;
  /** The value in float64: what tests compare with. */
  readonly reference: (a: number, b: number, c: number) => number;
}

const FLOATS = ["float32"] as const;
const NUMBERS = ["float32", "int32", "uint32"] as const;
const SIGNED = ["float32", "int32"] as const;
const ALL = ["float32", "int32", "uint32", "bool"] as const;
const BOOLS = ["bool"] as const;

const binary = (
  wgsl: string,
  reference: ElementwiseOp["reference"],
  takes: readonly ComputeType[] = NUMBERS,
) => ({ arity: 2, takes, wgsl, reference }) as const;
const float = (wgsl: string, reference: (a: number) => number, ...uses: string[]) =>
  ({ arity: 1, takes: FLOATS, wgsl, uses, reference }) as const;
const guarded = (wgsl: string, reference: (a: number) => number, ...uses: string[]) =>
  ({ ...float(wgsl, reference, ...uses), guard: true }) as const;
const comparison = (
  wgsl: string,
  reference: (a: number, b: number) => boolean,
  takes: readonly ComputeType[] = NUMBERS,
) =>
  ({ arity: 2, takes, gives: "bool", wgsl, reference: (a: number, b: number) => +reference(a, b) }) as const;
const logical = (arity: 1 | 2, wgsl: string, reference: (a: number, b: number) => number) =>
  ({ arity, takes: BOOLS, wgsl, reference }) as const;

/** Every elementwise op. A row is all there is to one; kernels, checks, tests and documentation come from it. */
export const ELEMENTWISE = {
  add: binary("a + b", (a, b) => a + b),
  sub: binary("a - b", (a, b) => a - b),
  mul: binary("a * b", (a, b) => a * b),
  div: binary("a / b", (a, b) => a / b, FLOATS),
  pow: {
    ...binary("power(a, b)", power, FLOATS),
    uses: [
      FLOAT.is_nan,
      FLOAT.is_finite,
      FLOAT.nan,
      FLOAT.infinity,
      FLOAT.precise_exp,
      FLOAT.precise_log,
      FLOAT.power,
    ],
  },
  floorDivide: {
    ...binary("floor_divide(a, b)", (a, b) => (b === 0 ? 0 : Math.floor(a / b)), ["int32", "uint32"]),
    uses: { int32: [WHOLE.floor_divide_i32], uint32: [WHOLE.floor_divide_u32] },
  },
  remainder: {
    ...binary("remainder(a, b)", (a, b) => (b === 0 ? 0 : a - b * Math.floor(a / b)), ["int32", "uint32"]),
    uses: { int32: [WHOLE.remainder_i32], uint32: [WHOLE.remainder_u32] },
  },
  maximum: { ...binary("max(a, b)", (a, b) => Math.max(a, b)), guard: true },
  minimum: { ...binary("min(a, b)", (a, b) => Math.min(a, b)), guard: true },

  neg: { arity: 1, takes: SIGNED, wgsl: "-a", reference: (a) => -a },
  abs: { arity: 1, takes: SIGNED, wgsl: "abs(a)", reference: Math.abs },
  sign: { arity: 1, takes: SIGNED, wgsl: "sign(a)", guard: true, reference: Math.sign },
  square: { arity: 1, takes: NUMBERS, wgsl: "a * a", reference: (a) => a * a },
  reciprocal: float("1.0 / a", (a) => 1 / a),
  sqrt: float("sqrt(a)", Math.sqrt),
  rsqrt: float("inverseSqrt(a)", (a) => 1 / Math.sqrt(a)),
  exp: guarded("precise_exp(a)", Math.exp, FLOAT.infinity, FLOAT.precise_exp),
  log: guarded("precise_log(a)", Math.log, FLOAT.is_finite, FLOAT.nan, FLOAT.infinity, FLOAT.precise_log),
  sin: guarded("sine(a)", Math.sin, FLOAT.is_finite, FLOAT.nan, FLOAT.sine),
  cos: guarded("cosine(a)", Math.cos, FLOAT.is_finite, FLOAT.nan, FLOAT.sine),
  floor: guarded("floor(a)", Math.floor),
  ceil: guarded("ceil(a)", Math.ceil),
  round: guarded("round(a)", roundToEven),
  erf: guarded("erf(a)", erf, MATH.erf),
  tanh: guarded("precise_tanh(a)", Math.tanh, MATH.precise_tanh),
  sigmoid: guarded("sigmoid(a)", sigmoid, MATH.sigmoid),
  relu: guarded("activate(a)", (a) => Math.max(a, 0), ACTIVATIONS.relu),
  gelu: guarded("activate(a)", (a) => 0.5 * a * (1 + erf(a / Math.SQRT2)), ACTIVATIONS.gelu),
  geluTanh: guarded(
    "activate(a)",
    (a) => 0.5 * a * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (a + 0.044715 * a ** 3))),
    ACTIVATIONS.gelu_tanh,
  ),
  quickGelu: guarded("activate(a)", (a) => a * sigmoid(1.702 * a), ACTIVATIONS.quick_gelu),
  quickGeluSlope: guarded("quick_gelu_slope(a)", quickGeluSlope, MATH.quick_gelu_slope),

  equal: comparison("a == b", (a, b) => a === b, ALL),
  // Drivers lower `!=` to an ordered comparison, false where one is NaN.
  notEqual: {
    ...comparison("a != b", (a, b) => a !== b, ALL),
    wgsl: { ...texts(ALL, "a != b"), float32: "a != b || is_nan(a) || is_nan(b)" },
    uses: { float32: [FLOAT.is_nan] },
  },
  less: comparison("a < b", (a, b) => a < b),
  lessEqual: comparison("a <= b", (a, b) => a <= b),
  greater: comparison("a > b", (a, b) => a > b),
  greaterEqual: comparison("a >= b", (a, b) => a >= b),

  logicalAnd: logical(2, "a & b", (a, b) => a & b),
  logicalOr: logical(2, "a | b", (a, b) => a | b),
  logicalNot: logical(1, "1u - a", (a) => 1 - a),
  isNan: {
    ...float("is_nan(a)", (a) => +Number.isNaN(a), FLOAT.is_nan),
    gives: "bool",
  },

  where: {
    arity: 3,
    takes: ALL,
    condition: true,
    wgsl: "select(c, b, a != 0u)",
    reference: (a, b, c) => (a ? b : c),
  },
  clamp: {
    arity: 3,
    takes: NUMBERS,
    wgsl: "min(max(a, b), c)",
    guard: true,
    reference: (a, low, high) => Math.min(Math.max(a, low), high),
  },
} satisfies Record<string, ElementwiseOp>;

export type ElementwiseName = keyof typeof ELEMENTWISE;

function texts(types: readonly ComputeType[], wgsl: string): Partial<Record<ComputeType, string>> {
  return Object.fromEntries(types.map((type) => [type, wgsl]));
}

/** As in C: 1 to any power is 1, and -1 to an infinite one. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The derivative of x * sigmoid(1.702 x). */
function quickGeluSlope(a: number): number {
  const x = 1.702 * Math.min(60, Math.max(-60, a));
  return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
}

function roundToEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** The error function in float64: its Maclaurin series, all terms of one sign, below 6; 1 from there. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a < 6)) return Math.sign(x);
  let term = (2 / Math.sqrt(Math.PI)) * a * Math.exp(-a * a);
  let sum = term;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * a * a) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * sum;
}
