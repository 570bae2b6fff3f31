import { recorded } from "../autograd/record.js";
import { full } from "../create.js";
import type { ComputeType } from "../dtype.js";
import { check } from "../errors.js";
import { FLAT, flatGrid } from "../kernels/kernel.js";
import { planReduce } from "../kernels/plan.js";
import { type Reduction, reduceKernel } from "../kernels/reduce.js";
import { scope } from "../scope.js";
import { formatShape, normalizeAxis, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { launch } from "./launch.js";
import { permute } from "./shape.js";

/** One axis or several, negative ones from the end; left out: all. */
export type Axes = number | readonly number[];

export interface ReduceOptions {
  /** Reduced axes stay, with size 1. Default false. */
  keepDims?: boolean;
}

/**
 * The sum over axes; 0 over empty ones. Whole numbers stay whole and wrap.
 *
 * @example sum(x, -1);
 */
export function sum(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  return reduced("sum", x, { axes }, () => {
    const rows = layOut("sum", x, ["float32", "int32", "uint32"], axes, options);
    return rows.n === 0
      ? full(x.device, rows.shape, 0, rows.x.dtype)
      : total("sum", rows, 1).view(rows.shape);
  });
}

/**
 * The mean over axes, float32; NaN over empty ones.
 *
 * @example mean(image, [-2, -1]);
 */
export function mean(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  return reduced("mean", x, { axes }, () => {
    const rows = layOut("mean", x, ["float32"], axes, options);
    return rows.n === 0
      ? full(x.device, rows.shape, Number.NaN)
      : total("sum", rows, rows.n).view(rows.shape);
  });
}

/**
 * The variance over axes, float32: squared distances from the mean over n - `correction`, by two passes. NaN where
 * that is not above 0.
 *
 * @param options.correction 1 (default) for a sample, 0 for the whole population.
 * @example variance(x, -1, { correction: 0 });
 */
export function variance(
  x: Tensor,
  axes?: Axes,
  options: ReduceOptions & { correction?: number } = {},
): Tensor {
  const { correction = 1 } = options;
  check(
    Number.isFinite(correction) && correction >= 0,
    "argument",
    () => `variance: correction ${correction} must be 0, 1 or another number from 0`,
  );
  return reduced("variance", x, { axes, correction }, () => {
    const rows = layOut("variance", x, ["float32"], axes, options);
    if (rows.n <= correction) return full(x.device, rows.shape, Number.NaN);
    const offsets = total("offsets", rows, rows.n);
    return total("squares", rows, rows.n - correction, offsets).view(rows.shape);
  });
}

/**
 * The largest value over axes; NaN where there is one.
 *
 * @throws TensorError `shape` over empty axes.
 * @example max(x, 0, { keepDims: true });
 */
export function max(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return extreme("max", x, axes, options);
}

/** The smallest value over axes; NaN where there is one. @throws TensorError `shape` over empty axes. */
export function min(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return extreme("min", x, axes, options);
}

/**
 * Where the largest value along an axis is, int32: the first of equals, the first NaN where there is one. Without an
 * axis, the index into all values, row-major.
 *
 * @throws TensorError `shape` along an empty axis.
 * @example const label = argmax(logits, -1);
 */
export function argmax(x: Tensor, axis?: number, options?: ReduceOptions): Tensor<"int32"> {
  return place("argmax", x, axis, options);
}

/** Where the smallest value along an axis is, int32; else as `argmax`. */
export function argmin(x: Tensor, axis?: number, options?: ReduceOptions): Tensor<"int32"> {
  return place("argmin", x, axis, options);
}

/** Whether all bools over axes are true; true over empty ones. */
export function all(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor<"bool"> {
  return decide("all", x, axes, options);
}

/** Whether any bool over axes is true; false over empty ones. */
export function any(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor<"bool"> {
  return decide("any", x, axes, options);
}

/** A reduction as an op on the tape. */
const reduced = (name: string, x: Tensor, attributes: object, forward: () => Tensor): Tensor =>
  recorded(name, [x], attributes, () => scope(forward));

function extreme(name: "max" | "min", x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  return reduced(name, x, { axes }, () => {
    const rows = layOut(name, x, ["float32", "int32", "uint32"], axes, options);
    checkNotEmpty(name, x, rows);
    return total(name, rows, 1).view(rows.shape);
  });
}

function place(name: "argmax" | "argmin", x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  return scope(() => {
    const rows = layOut(name, x, ["float32", "int32", "uint32"], axis, options);
    checkNotEmpty(name, x, rows);
    return total(name, rows, 1).view(rows.shape);
  });
}

function decide(name: "all" | "any", x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  return scope(() => {
    const rows = layOut(name, x, ["bool"], axes, options);
    if (rows.n === 0) return full(x.device, rows.shape, Number(name === "all"), "bool");
    return total(name === "all" ? "min" : "max", rows, 1).view(rows.shape);
  });
}

/** A tensor seen as [outer, n, inner] with n to be reduced, and the shape of the result. */
interface Rows {
  x: Tensor;
  outer: number;
  n: number;
  inner: number;
  shape: number[];
}

/** Brings the reduced axes together: a view where they are neighbours, else a copy with them last. */
function layOut(
  name: string,
  x0: Tensor,
  takes: readonly ComputeType[],
  axes: Axes | undefined,
  { keepDims = false }: ReduceOptions,
): Rows {
  const x = x0.dtype === "float16" ? cast(x0, "float32") : x0;
  check(
    (takes as readonly string[]).includes(x.dtype),
    "dtype",
    () => `${name}: x is ${x.dtype}, not ${takes.join(" or ")}; cast(x, "${takes[0]}") first`,
  );
  const every = x.shape.map((_, axis) => axis);
  const list = axes === undefined ? every : typeof axes === "number" ? [axes] : axes;
  const reduced = new Set(list.map((axis) => normalizeAxis(name, axis, x.rank)));
  check(
    reduced.size === list.length,
    "argument",
    () => `${name}: axes ${formatShape(list)} name an axis twice`,
  );
  const shape = keepDims
    ? x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size))
    : x.shape.filter((_, axis) => !reduced.has(axis));
  const sized = every.filter((axis) => x.shape[axis] !== 1);
  const first = sized.findIndex((axis) => reduced.has(axis));
  const inside = sized.filter((axis) => reduced.has(axis)).length;
  const together = first < 0 || sized.slice(first, first + inside).every((axis) => reduced.has(axis));
  const product = (picked: readonly number[]) => sizeOf(picked.map((axis) => x.shape[axis]));
  const split = first < 0 ? sized.length : first;
  if (together) {
    return {
      x,
      outer: product(sized.slice(0, split)),
      n: product(sized.slice(split, split + inside)),
      inner: product(sized.slice(split + inside)),
      shape,
    };
  }
  const kept = every.filter((axis) => !reduced.has(axis));
  return {
    x: permute(x, [...kept, ...reduced]),
    outer: product(kept),
    n: product([...reduced]),
    inner: 1,
    shape,
  };
}

function checkNotEmpty(name: string, x: Tensor, rows: Rows): void {
  check(
    rows.n > 0,
    "shape",
    () =>
      `${name}: an axis of ${formatShape(x.shape)} that it runs over is empty and has no ${name}; give it one value`,
  );
}

/** The reduction of each row, [outer * inner], over `divisor`; in two stages where the plan cuts rows into parts. */
function total(reduction: Reduction, rows: Rows, divisor: number, offsets?: Tensor): Tensor {
  const { x, outer, n, inner } = rows;
  const { caps } = x.device;
  const type = x.dtype as ComputeType;
  const plan = planReduce(outer * inner, n, inner, caps);
  const chunk = Math.ceil(n / plan.parts);
  const parts = Math.ceil(n / chunk);
  const arg = reduction === "argmax" || reduction === "argmin";
  const run = (
    variant: { reduction: Reduction; threads: number; candidates: boolean },
    tensors: Record<string, Tensor>,
    size: { n: number; parts: number; chunk: number; divisor: number },
  ): Tensor => {
    const count = outer * size.parts * inner;
    const out = Tensor.empty(x.device, [count], arg ? "int32" : type);
    const block = Math.ceil(Math.sqrt(size.chunk / variant.threads));
    launch(
      reduceKernel({ ...variant, type }),
      { ...tensors, out },
      { ...size, count, inner, block, length: n },
      flatGrid(variant.threads === 1 ? count : count * FLAT, caps.maxWorkgroupsPerDimension),
    );
    return out;
  };
  const inputs = { x, ...(offsets ? { mean: offsets } : {}) };
  const first = { reduction, threads: plan.threads, candidates: false };
  if (parts === 1) return run(first, inputs, { n, parts, chunk, divisor });
  const partial = run(first, inputs, { n, parts, chunk, divisor: 1 });
  const joined = { n: parts, parts: 1, chunk: parts, divisor };
  const { threads } = planReduce(outer * inner, parts, inner, caps);
  const adds = reduction === "offsets" || reduction === "squares" ? "sum" : reduction;
  return arg
    ? run({ reduction, threads, candidates: true }, { x, candidate: partial }, joined)
    : run({ reduction: adds, threads, candidates: false }, { x: partial }, joined);
}
