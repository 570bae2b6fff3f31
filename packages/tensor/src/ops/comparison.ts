import { FLOAT } from "../kernels/float.js";
import { ANY, NUMBERS } from "./define.js";
import {
  binary,
  type Comparison,
  type Predicate,
  type Row,
  type Ternary,
  ternary,
  unary,
} from "./elementwise-run.js";

/* Comparisons and logic, which give bool and have no gradient, and `where`, which chooses by them. */

const comparison = (wgsl: string, reference: (a: number, b: number) => boolean): Row => ({
  takes: NUMBERS,
  gives: "bool",
  wgsl,
  reference: (a, b) => +reference(a, b),
  slopes: null,
});

const logical = (wgsl: string, reference: Row["reference"]): Row => ({
  takes: ["bool"],
  wgsl,
  reference,
  slopes: null,
});

/** a == b, bool. @example equal(label, 1); */
export const equal: Comparison = binary("equal", { ...comparison("a == b", (a, b) => a === b), takes: ANY });

/** a != b, bool; true where one is NaN. */
export const notEqual: Comparison = binary("notEqual", {
  ...comparison("a != b", (a, b) => a !== b),
  takes: ANY,
  // Drivers lower `!=` to an ordered comparison, false where one is NaN.
  wgsl: { float32: "a != b || is_nan(a) || is_nan(b)", int32: "a != b", uint32: "a != b", bool: "a != b" },
  uses: { float32: [FLOAT.is_nan] },
});

/** a < b, bool. */
export const less: Comparison = binary(
  "less",
  comparison("a < b", (a, b) => a < b),
);
/** a <= b, bool. */
export const lessEqual: Comparison = binary(
  "lessEqual",
  comparison("a <= b", (a, b) => a <= b),
);
/** a > b, bool. */
export const greater: Comparison = binary(
  "greater",
  comparison("a > b", (a, b) => a > b),
);
/** a >= b, bool. */
export const greaterEqual: Comparison = binary(
  "greaterEqual",
  comparison("a >= b", (a, b) => a >= b),
);

/** Both, of bools. */
export const logicalAnd: Comparison = binary(
  "logicalAnd",
  logical("a & b", (a, b) => a & b),
);
/** Either or both, of bools. */
export const logicalOr: Comparison = binary(
  "logicalOr",
  logical("a | b", (a, b) => a | b),
);
/** The opposite, of bools. */
export const logicalNot: Predicate = unary(
  "logicalNot",
  logical("1u - a", (a) => 1 - a),
);

/** Whether x is NaN, bool. */
export const isNan: Predicate = unary("isNan", {
  gives: "bool",
  wgsl: "is_nan(a)",
  uses: [FLOAT.is_nan],
  reference: (a) => +Number.isNaN(a),
  slopes: null,
});

/**
 * `b` where the condition `a` holds, else `c`; all three broadcast.
 *
 * @param a the condition, bool.
 * @example where(greater(x, 0), x, 0);
 */
export const where: Ternary = ternary("where", {
  takes: ANY,
  condition: true,
  wgsl: "select(c, b, a != 0u)",
  reference: (a, b, c) => (a ? b : c),
  slopes: {
    b: { saves: ["a"], vjp: ({ g, a }) => where(a, g, 0) },
    c: { saves: ["a"], vjp: ({ g, a }) => where(a, 0, g) },
  },
});
