import type { Saves, Vjp } from "../autograd/rule.js";
import type { ComputeType, DType } from "../dtype.js";
import { check } from "../errors.js";
import { planReduce } from "../kernels/plan.js";
import { type Reduction, reduceKernel } from "../kernels/reduce.js";
import { formatShape, normalizeAxis, type Shape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { defineOp, type Op } from "./define.js";
import { fill, type Launch, launch } from "./launch.js";
import { FLAG } from "./options.js";
import type { HostTensor } from "./reference.js";
import { permute } from "./shape.js";

/** One axis or several, negative ones from the end; left out: all. */
export type Axes = number | readonly number[];

export interface ReduceOptions {
  /** Reduced axes stay, with size 1. Default false. */
  keepDims?: boolean;
}

/** The call of a reduction. */
export interface Reduced {
  x: Tensor;
  /** The reduced axes, counted from the front. */
  axes: readonly number[];
  keepDims: boolean;
}

export function checkReduction(
  name: string,
  x: Tensor,
  axes: Axes | undefined,
  { keepDims = false }: ReduceOptions,
): Reduced {
  const list = axes === undefined ? x.shape.map((_, axis) => axis) : typeof axes === "number" ? [axes] : axes;
  const counted = list.map((axis) => normalizeAxis(name, axis, x.rank));
  check(
    new Set(counted).size === list.length,
    "argument",
    () => `${name}: axes ${formatShape(list)} name an axis twice`,
  );
  return { x, axes: counted, keepDims };
}

/** The shape of the reduced axes kept as 1, so that it broadcasts against what was reduced. */
export const keptShape = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

export const reducedShape = ({ x, axes, keepDims }: Reduced): number[] =>
  keepDims ? keptShape(x.shape, axes) : x.shape.filter((_, axis) => !axes.includes(axis));

/** How many values go into each of the result. */
export const countOf = (shape: Shape, axes: readonly number[]): number =>
  sizeOf(axes.map((axis) => shape[axis]));

/** A tensor seen as [outer, n, inner] with n to be reduced. */
export interface Rows {
  x: Tensor;
  outer: number;
  n: number;
  inner: number;
}

/** Brings the reduced axes together: a view where they are neighbours, else a copy with them last. */
export function rowsOf({ x, axes }: Reduced): Rows {
  const every = x.shape.map((_, axis) => axis);
  const sized = every.filter((axis) => x.shape[axis] !== 1);
  const inside = sized.filter((axis) => axes.includes(axis));
  const first = inside.length === 0 ? sized.length : sized.indexOf(inside[0]);
  const past = first + inside.length;
  const product = (picked: readonly number[]) => countOf(x.shape, picked);
  if (sized.slice(first, past).every((axis) => axes.includes(axis))) {
    return {
      x,
      outer: product(sized.slice(0, first)),
      n: product(inside),
      inner: product(sized.slice(past)),
    };
  }
  const kept = every.filter((axis) => !axes.includes(axis));
  return { x: permute(x, [...kept, ...axes]), outer: product(kept), n: product(axes), inner: 1 };
}

/**
 * The reduction of each row over `divisor`, into a tensor of outer * inner values; in two stages where the plan cuts rows into
 * parts. Runs the first of two and gives the last.
 */
export function reduceRows(
  reduction: Reduction,
  rows: Rows,
  divisor: number,
  out: Tensor,
  mean?: Tensor,
): Launch {
  const { x, outer, n, inner } = rows;
  const { caps } = x.device;
  const plan = planReduce(outer * inner, n, inner, caps);
  const chunk = Math.ceil(n / plan.parts);
  const parts = Math.ceil(n / chunk);
  const stage = (
    variant: { reduction: Reduction; threads: number; candidates: boolean },
    tensors: Record<string, Tensor>,
    size: { n: number; parts: number; chunk: number; divisor: number },
  ): Launch => {
    const block = Math.ceil(Math.sqrt(size.chunk / variant.threads));
    return {
      kernel: reduceKernel({ ...variant, type: x.dtype as ComputeType }),
      tensors,
      uniforms: { ...size, inner, block, length: n },
      over: [outer * size.parts * inner],
    };
  };
  const first = { reduction, threads: plan.threads, candidates: false };
  const inputs: Record<string, Tensor> = mean ? { x, mean } : { x };
  if (parts === 1) return stage(first, { ...inputs, out }, { n, parts, chunk, divisor });
  const partial = Tensor.empty(x.device, [outer * parts * inner], out.dtype);
  launch(stage(first, { ...inputs, out: partial }, { n, parts, chunk, divisor: 1 }));
  const joined = { n: parts, parts: 1, chunk: parts, divisor };
  const { threads } = planReduce(outer * inner, parts, inner, caps);
  if (reduction === "argmax" || reduction === "argmin")
    return stage({ reduction, threads, candidates: true }, { x, candidate: partial, out }, joined);
  const adds = reduction === "offsets" || reduction === "squares" ? "sum" : reduction;
  return stage({ reduction: adds, threads, candidates: false }, { x: partial, out }, joined);
}

/** A reduction to one value a row. */
interface Reducing<T> {
  readonly takes: readonly DType[];
  /** The type of the result. Default that of x. */
  readonly dtype?: T;
  /** The result over no values. Without it, empty axes are refused. */
  readonly empty?: number;
  readonly launch: (rows: Rows, out: Tensor) => Launch;
  readonly saves?: Saves<Reduced>;
  readonly vjp: Vjp<Reduced> | null;
  readonly reference: (row: number[]) => number;
}

/* @__NO_SIDE_EFFECTS__ */
// biome-ignore lint/suspicious/noExplicitAny: a plain Tensor, where the type of the result is not stated
export const defineReduction = <A extends Axes = Axes, T extends DType = any>(
  name: string,
  { takes, dtype, empty, launch: launchOf, saves, vjp, reference }: Reducing<T>,
): Op<[x: Tensor, axes?: A, options?: ReduceOptions], Tensor<T>> =>
  defineOp(name, {
    check: (x: Tensor, axes?: A, options: ReduceOptions = {}) => {
      const call = checkReduction(name, x, axes, options);
      check(
        empty !== undefined || call.axes.every((axis) => x.shape[axis] > 0),
        "shape",
        () =>
          `${name}: an axis of ${formatShape(x.shape)} that it runs over is empty and has no ${name}; give it one value`,
      );
      return call;
    },
    options: { at: 2, takes: { keepDims: FLAG } },
    takes,
    shape: reducedShape,
    dtype: ({ x }) => dtype ?? x.dtype,
    kernel: (call, out) => {
      const rows = rowsOf(call);
      return rows.n === 0 && empty !== undefined ? fill(out, empty) : launchOf(rows, out);
    },
    flop: ({ x }) => x.size,
    saves,
    vjp: vjp && { x: vjp },
    reference: (call) => reduceReference(call, reference),
  });

/** The reference of a reduction, from a function of each row. */
export function reduceReference(
  { x, axes }: { x: HostTensor; axes: readonly number[] },
  reduce: (row: number[]) => number,
): number[] {
  const kept = keptShape(x.shape, axes);
  const strides = kept.map((size, axis) => (size === 1 ? 0 : sizeOf(kept.slice(axis + 1))));
  const rows = Array.from({ length: sizeOf(kept) }, (): number[] => []);
  const from = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  for (let i = 0; i < sizeOf(x.shape); i++) {
    const row = from.reduce(
      (sum, step, axis) => sum + (Math.floor(i / step) % x.shape[axis]) * strides[axis],
      0,
    );
    rows[row].push(x.values[i]);
  }
  return rows.map(reduce);
}
