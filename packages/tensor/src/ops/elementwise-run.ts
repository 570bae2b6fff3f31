import type { Vjp } from "../autograd/rule.js";
import type { UniformValues } from "../device/commands.js";
import type { ComputeType } from "../dtype.js";
import { check, kindOf } from "../errors.js";
import { cycleUniforms, type Expression, elementwiseKernels, LETTERS } from "../kernels/elementwise.js";
import { padded8 } from "../kernels/strided.js";
import { broadcastShapes, broadcastStrides, type Shape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { defineOp, FLOATS, type Op } from "./define.js";
import type { Launch } from "./launch.js";
import { generate, valueAt } from "./reference.js";
import { unbroadcast } from "./sum.js";

/** A tensor, or a number that is used for every element. */
export type Operand = Tensor | number;

type Letter = (typeof LETTERS)[number];

/** The gradient of one operand, before it is summed over the axes along which the operand was repeated. */
export interface Slope {
  readonly saves?: readonly (Letter | "out")[];
  readonly vjp: Vjp<Record<Letter, Tensor>>;
}

/**
 * An elementwise op as data: WGSL, float64 reference and derivatives. Shapes broadcast as in NumPy; operands share one type (a
 * number takes it on, float16 is widened) or a TensorError `dtype` says which to cast. NaN goes in, NaN comes out.
 */
export interface Row extends Expression {
  /** Types of the operands, which share one; with `condition`, the first is bool and the others share one. Default float32. */
  readonly takes?: readonly ComputeType[];
  /** Numbers outside a whole type's range are brought into it instead of refused. */
  readonly bounded?: true;
  /** The value in float64. */
  readonly reference: (a: number, b: number, c: number) => number;
  /** The gradient of each operand; null where it is 0 wherever it exists. */
  readonly slopes: { readonly [K in Letter]?: Slope } | null;
}

/** An elementwise op, which carries its row for tests. */
export type ElementwiseOp<A extends Operand[], R = Tensor> = Op<A, R> & {
  readonly row: Row;
  readonly arity: number;
};
export type Unary = ElementwiseOp<[x: Tensor]>;
export type Predicate = ElementwiseOp<[x: Tensor], Tensor<"bool">>;
export type Comparison = ElementwiseOp<[a: Operand, b: Operand], Tensor<"bool">>;
export type Binary = ElementwiseOp<[a: Operand, b: Operand]>;
export type Ternary = ElementwiseOp<[a: Tensor, b: Operand, c: Operand]>;

/* @__NO_SIDE_EFFECTS__ */
export const unary = (name: string, row: Row): Unary => elementwise<[x: Tensor]>(name, 1, row);
/* @__NO_SIDE_EFFECTS__ */
export const binary = (name: string, row: Row): Binary => elementwise<[a: Operand, b: Operand]>(name, 2, row);
/* @__NO_SIDE_EFFECTS__ */
export const ternary = (name: string, row: Row): Ternary =>
  elementwise<[a: Tensor, b: Operand, c: Operand]>(name, 3, row);

/** What is checked of a call: its operands by letter, the type they share and the shape of the result. */
type Call = { [K in Letter]?: Operand } & { type: ComputeType; shape: Shape };

const operandsOf = (call: Call, arity: number): Operand[] =>
  LETTERS.slice(0, arity).map((letter) => call[letter] as Operand);

/* @__NO_SIDE_EFFECTS__ */
function elementwise<A extends Operand[]>(name: string, arity: number, row: Row): ElementwiseOp<A> {
  const types = row.takes ?? FLOATS;
  const kernels = elementwiseKernels(name, row);
  const letters = LETTERS.slice(0, arity);
  const slopes = Object.entries(row.slopes ?? {});
  const op = defineOp(name, {
    check: (...given: A): Call => {
      const tensors = given.filter((x) => x instanceof Tensor);
      check(
        tensors.length > 0,
        "argument",
        () => `${name}: give at least one tensor; numbers alone have no device`,
      );
      const type = sharedType(name, row, given);
      const operands = letters.map((_, i) => {
        const x = given[i];
        return x instanceof Tensor ? x : numberAs(name, x, type, row.bounded);
      });
      const shape = tensors.map((x) => x.shape).reduce((a, b) => broadcastShapes(name, a, b));
      return { ...Object.fromEntries(operands.map((x, i) => [LETTERS[i], x])), type, shape };
    },
    takes: Object.fromEntries(letters.map((letter, i) => [letter, row.condition && i === 0 ? BOOLS : types])),
    shape: ({ shape }) => shape,
    dtype: ({ type }) => row.gives ?? type,
    kernel: (call, out) => plan(kernels, operandsOf(call, arity), call.type, out),
    flop: (_, out) => out.size,
    saves: Object.fromEntries(slopes.map(([letter, { saves = [] }]) => [letter, saves])),
    vjp:
      row.slopes &&
      Object.fromEntries(
        slopes.map(([letter, { vjp }]) => [
          letter,
          (context: Parameters<typeof vjp>[0]) => unbroadcast(vjp(context), context.shapes[letter as Letter]),
        ]),
      ),
    reference: (call) =>
      generate(call.shape, (at) => {
        const [a, b, c] = letters.map((letter) => {
          const x = call[letter];
          return typeof x === "object" ? valueAt(x, at) : (x ?? 0);
        });
        return row.reference(a, b, c);
      }),
  });
  return Object.assign(op, { row, arity });
}

function plan(
  kernels: ReturnType<typeof elementwiseKernels>,
  operands: readonly Operand[],
  type: ComputeType,
  out: Tensor,
): Launch {
  const single: Walk[] = operands.map((x) =>
    x instanceof Tensor ? accessOf(x.shape, out.shape) : { access: "number" },
  );
  const fours = inFours(single, out.size);
  const walks = fours ?? single;
  const tensors: Record<string, Tensor> = {};
  const uniforms: UniformValues = { shape: padded8(out.shape, 1) };
  for (const [i, x] of operands.entries()) {
    const walk = walks[i];
    if (x instanceof Tensor) tensors[`x${i}`] = x;
    else uniforms[`value${i}`] = x;
    if (walk.access === "cycle" || walk.access === "factor")
      Object.assign(uniforms, cycleUniforms(i, walk.inner, walk.size));
    if (walk.access === "strided") uniforms[`strides${i}`] = padded8(walk.strides, 0);
  }
  const accesses = walks.map((walk) => walk.access);
  const kernel = kernels({ type, accesses, fours: fours !== null });
  return { kernel, tensors, uniforms, over: [fours ? out.size / 4 : out.size] };
}

/** The type the operands share; numbers take it on. */
function sharedType(
  name: string,
  { takes = FLOATS, condition }: Row,
  operands: readonly Operand[],
): ComputeType {
  let type: ComputeType | undefined;
  let first = "";
  for (const [i, x] of operands.entries()) {
    if (!(x instanceof Tensor) || (condition && i === 0)) continue;
    const own = x.dtype === "float16" ? "float32" : x.dtype;
    const letter = LETTERS[i];
    check(
      type === undefined || own === type,
      "dtype",
      () =>
        `${name}: ${first} is ${type} and ${letter} ${own}; make them one type: cast(${letter}, "${type}")`,
    );
    if (type === undefined) [type, first] = [own, letter];
  }
  return type ?? takes[0];
}

const BOOLS = ["bool"] as const;

/** The values that whole types hold. */
const RANGES = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1], bool: [0, 1] } as const;

/** A number as an operand of a type, or an error where the type does not hold it. */
function numberAs(name: string, given: number, type: ComputeType, bounded?: true): number {
  check(
    typeof given === "number",
    "argument",
    () => `${name}: an operand is ${kindOf(given)}; give a tensor or a number`,
  );
  if (type === "float32") return given;
  const [low, high] = RANGES[type];
  const value = bounded ? Math.min(Math.max(given, low), high) : given;
  check(
    Number.isInteger(value) && value >= low && value <= high,
    "argument",
    () =>
      `${name}: ${value} is no ${type}; use a whole number from ${low} to ${high}, or cast the tensor to float32`,
  );
  return value;
}

/** An access with what its kernel needs for it. */
type Walk =
  | { access: "same" | "number" }
  | { access: "cycle" | "factor"; inner: number; size: number }
  | { access: "strided"; strides: number[] };

/**
 * The same walks where outputs are taken four at a time, counted in fours; null where an operand's runs are no multiple of
 * four. A load of four costs little more than one on CPUs, and less than four on GPUs.
 */
function inFours(walks: readonly Walk[], count: number): Walk[] | null {
  if (count % 4 !== 0) return null;
  const wide = walks.map((walk): Walk | null => {
    if (walk.access === "same" || walk.access === "number") return walk;
    if (walk.access !== "cycle") return null;
    const { inner, size } = walk;
    if (inner % 4 === 0) return { access: "factor", inner: inner / 4, size };
    if (inner === 1 && size % 4 === 0) return { access: "cycle", inner, size: size / 4 };
    return size === 1 ? { access: "factor", inner: 1, size } : null;
  });
  return wide.includes(null) ? null : (wide as Walk[]);
}

/** The cheapest access by which a tensor of `shape` is read over `target`. */
export function accessOf(shape: Shape, target: Shape): Walk {
  if (sizeOf(shape) === sizeOf(target)) return { access: "same" };
  const strides = broadcastStrides(shape, target);
  let axis = target.length - 1;
  const run = (inRun: (axis: number) => boolean): number => {
    let count = 1;
    for (; axis >= 0 && (target[axis] === 1 || inRun(axis)); axis--) count *= target[axis];
    return count;
  };
  const repeated = (i: number) => strides[i] === 0;
  const inner = run(repeated);
  const size = run((i) => !repeated(i));
  run(repeated);
  return axis < 0 ? { access: "cycle", inner, size } : { access: "strided", strides };
}
