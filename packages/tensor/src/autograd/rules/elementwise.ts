import {
  add,
  cos,
  div,
  equal,
  erf,
  exp,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logicalAnd,
  mul,
  neg,
  pow,
  quickGeluSlope,
  sign,
  sin,
  square,
  sub,
  tanh,
  where,
} from "../../ops/elementwise.js";
import type { ElementwiseName } from "../../ops/elementwise-table.js";
import type { Tensor } from "../../tensor.js";
import { type InputRule, input, type Need, type Rule, type RuleContext, unbroadcast } from "../rule.js";

type Derivative = (context: RuleContext) => Tensor;

/** d f / d x, times g, for one operand; brought back to the operand's shape. */
const times = (index: number, needs: readonly Need[], derivative: Derivative): InputRule =>
  input(needs, (context) => unbroadcast(mul(context.g, derivative(context)), context.shapes[index]));

/** g itself, perhaps changed, for one operand. */
const passed = (index: number, change: (g: Tensor) => Tensor = (g) => g): InputRule =>
  input([], ({ g, shapes }) => unbroadcast(change(g), shapes[index]));

/** A function of one operand by its derivative from the input, or from the output. */
const ofInput = (derivative: (x: Tensor) => Tensor): Rule => [
  times(0, [0], ({ inputs: [x] }) => derivative(x)),
];
const ofOutput = (derivative: (y: Tensor) => Tensor): Rule => [
  times(0, ["out"], ({ out }) => derivative(out)),
];

/** g where a condition holds, else 0. */
const gated = (index: number, needs: readonly Need[], condition: Derivative): InputRule =>
  input(needs, (context) => unbroadcast(where(condition(context), context.g, 0), context.shapes[index]));

/** Of two operands the one that was taken; equal ones share the gradient, as PyTorch has it. */
const chosen = (index: 0 | 1, wins: typeof greater): InputRule =>
  times(index, [0, 1], ({ inputs }) => {
    const [own, other] = [inputs[index], inputs[1 - index]];
    return where(equal(own, other), 0.5, where(wins(own, other), 1, 0));
  });

/** Operands may be numbers; arithmetic between two of them needs no device. */
const minusOne = (b: Tensor | number) => (typeof b === "number" ? b - 1 : sub(b, 1));
const logOf = (a: Tensor | number) => (typeof a === "number" ? Math.log(a) : log(a));

const SQRT_2_PI = Math.sqrt(2 / Math.PI);

/** Gradients of the elementwise table, by name; null where nothing flows back. */
export const ELEMENTWISE_RULES: Record<ElementwiseName, Rule> = {
  add: [passed(0), passed(1)],
  sub: [passed(0), passed(1, neg)],
  mul: [times(0, [1], ({ inputs }) => inputs[1]), times(1, [0], ({ inputs }) => inputs[0])],
  div: [
    input([1], ({ g, inputs: [, b], shapes }) => unbroadcast(div(g, b), shapes[0])),
    times(1, [0, 1], ({ inputs: [a, b] }) => neg(div(a, square(b)))),
  ],
  pow: [
    times(0, [0, 1], ({ inputs: [a, b] }) => mul(b, pow(a, minusOne(b)))),
    times(1, [0, "out"], ({ inputs: [a], out }) => mul(out, logOf(a))),
  ],
  maximum: [chosen(0, greater), chosen(1, greater)],
  minimum: [chosen(0, less), chosen(1, less)],
  neg: [passed(0, neg)],
  abs: ofInput(sign),
  square: ofInput((x) => mul(x, 2)),
  reciprocal: ofOutput((y) => neg(square(y))),
  sqrt: ofOutput((y) => div(0.5, y)),
  rsqrt: ofOutput((y) => mul(mul(square(y), y), -0.5)),
  exp: ofOutput((y) => y),
  log: [input([0], ({ g, inputs: [x] }) => div(g, x))],
  sin: ofInput(cos),
  cos: ofInput((x) => neg(sin(x))),
  erf: ofInput((x) => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  tanh: ofOutput((y) => sub(1, square(y))),
  sigmoid: ofOutput((y) => mul(y, sub(1, y))),
  relu: [gated(0, ["out"], ({ out }) => greater(out, 0))],
  gelu: ofInput((x) => {
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return add(mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5), mul(x, density));
  }),
  geluTanh: ofInput((x) => {
    const t = tanh(mul(mul(x, add(mul(square(x), 0.044715), 1)), SQRT_2_PI));
    const slope = mul(add(mul(square(x), 3 * 0.044715), 1), SQRT_2_PI);
    return add(mul(add(t, 1), 0.5), mul(mul(mul(x, 0.5), sub(1, square(t))), slope));
  }),
  quickGelu: ofInput(quickGeluSlope),
  where: [
    null,
    gated(1, [0], ({ inputs: [condition] }) => condition),
    input([0], ({ g, inputs: [condition], shapes }) => unbroadcast(where(condition, 0, g), shapes[2])),
  ],
  clamp: [
    gated(0, [0, 1, 2], ({ inputs: [x, low, high] }) => logicalAnd(greaterEqual(x, low), lessEqual(x, high))),
    null,
    null,
  ],
  // A slope is there for gradients only, and gradients of gradients are refused.
  quickGeluSlope: null,
  sign: null,
  floor: null,
  ceil: null,
  round: null,
  floorDivide: null,
  remainder: null,
  equal: null,
  notEqual: null,
  less: null,
  lessEqual: null,
  greater: null,
  greaterEqual: null,
  logicalAnd: null,
  logicalOr: null,
  logicalNot: null,
  isNan: null,
};
