import type { Tensor } from "../tensor.js";
import { elementwise, type Operand, RANGES } from "./elementwise-run.js";
import type { ElementwiseName } from "./elementwise-table.js";

export type { Operand } from "./elementwise-run.js";

/*
 * The public face of the table in elementwise-table.ts. Shapes broadcast as in NumPy; operands share one type (a number
 * takes it on, float16 is widened to float32) or a TensorError `dtype` says which to cast. NaN goes in, NaN comes out.
 */

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Operand, b: Operand) => Tensor;
type Comparison = (a: Operand, b: Operand) => Tensor<"bool">;

const unary =
  (name: ElementwiseName): Unary =>
  (x) =>
    elementwise(name, [x]);
const binary =
  (name: ElementwiseName): Binary =>
  (a, b) =>
    elementwise(name, [a, b]);

/** a + b. @example add(x, 1); */
export const add = binary("add");
/** a - b. @example sub(1, x); */
export const sub = binary("sub");
/** a * b. @example mul(x, mask); */
export const mul = binary("mul");
/** a / b, floats only; whole numbers take `floorDivide`. @example div(x, 255); */
export const div = binary("div");
/** a to the power b; a negative base takes whole powers, else NaN. Relative error 2e-6. @example pow(x, 3); */
export const pow = binary("pow");
/** a / b of whole numbers rounded down; 0 where b is 0. @example const row = floorDivide(index, 15); */
export const floorDivide = binary("floorDivide");
/** What `floorDivide` leaves, with the sign of b; 0 where b is 0. @example const column = remainder(index, 15); */
export const remainder = binary("remainder");
/** The larger of two; NaN where one is NaN. @example maximum(a, b); */
export const maximum = binary("maximum");
/** The smaller of two; NaN where one is NaN. @example minimum(a, b); */
export const minimum = binary("minimum");

/** -x. */
export const neg = unary("neg");
/** |x|. */
export const abs = unary("abs");
/** -1, 0 or 1. */
export const sign = unary("sign");
/** x * x. */
export const square = unary("square");
/** 1 / x. */
export const reciprocal = unary("reciprocal");
/** The square root; NaN below 0. */
export const sqrt = unary("sqrt");
/** 1 / sqrt(x). */
export const rsqrt = unary("rsqrt");
/** e to the power x. */
export const exp = unary("exp");
/** The natural logarithm; NaN below 0. */
export const log = unary("log");
/** The sine of x in radians; absolute error 2e-7 for |x| below 10000. */
export const sin = unary("sin");
/** The cosine of x in radians; absolute error 2e-7 for |x| below 10000. */
export const cos = unary("cos");
/** The largest whole number not above x. */
export const floor = unary("floor");
/** The smallest whole number not below x. */
export const ceil = unary("ceil");
/** The nearest whole number, of two the even one. */
export const round = unary("round");
/** The error function; absolute error 2e-7. */
export const erf = unary("erf");
/** The hyperbolic tangent. */
export const tanh = unary("tanh");
/** 1 / (1 + exp(-x)). */
export const sigmoid = unary("sigmoid");
/** max(x, 0). */
export const relu = unary("relu");
/** x * Phi(x) with the normal distribution function exact (Hendrycks and Gimpel 2016). */
export const gelu = unary("gelu");
/** The tanh form of `gelu`. */
export const geluTanh = unary("geluTanh");
/** x * sigmoid(1.702 x), the form in OpenAI's CLIP. */
export const quickGelu = unary("quickGelu");
/** The derivative of quickGelu. */
export const quickGeluSlope = unary("quickGeluSlope");

/** a == b, bool. @example equal(label, 1); */
export const equal: Comparison = binary("equal");
/** a != b, bool; true where one is NaN. */
export const notEqual: Comparison = binary("notEqual");
/** a < b, bool. */
export const less: Comparison = binary("less");
/** a <= b, bool. */
export const lessEqual: Comparison = binary("lessEqual");
/** a > b, bool. */
export const greater: Comparison = binary("greater");
/** a >= b, bool. */
export const greaterEqual: Comparison = binary("greaterEqual");
/** Both, of bools. */
export const logicalAnd: Comparison = binary("logicalAnd");
/** Either or both, of bools. */
export const logicalOr: Comparison = binary("logicalOr");
/** The opposite, of bools. */
export const logicalNot: (x: Tensor) => Tensor<"bool"> = unary("logicalNot");
/** Whether x is NaN, bool. */
export const isNan: (x: Tensor) => Tensor<"bool"> = unary("isNan");

/**
 * `a` where the condition holds, else `b`; all three broadcast.
 *
 * @param condition bool.
 * @example where(greater(x, 0), x, 0);
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return elementwise("where", [condition, a, b]);
}

/**
 * x held to [low, high]; `high` where low is above high; an infinite bound is none.
 *
 * @example clamp(x, 0, 1);
 */
export function clamp(x: Tensor, low: Operand, high: Operand): Tensor {
  const whole = x.dtype === "int32" || x.dtype === "uint32" ? RANGES[x.dtype] : null;
  const bound = (b: Operand) =>
    typeof b === "number" && whole ? Math.min(Math.max(b, whole[0]), whole[1]) : b;
  return elementwise("clamp", [x, bound(low), bound(high)]);
}
