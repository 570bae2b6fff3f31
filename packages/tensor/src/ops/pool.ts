import type { UniformValues } from "../device/commands.js";
import { check } from "../errors.js";
import { type PoolVariant, poolBackwardKernel, poolKernel } from "../kernels/pool.js";
import { checkPair, formatShape, type Pair, type Shape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { defineOp, FLOATS, type Op } from "./define.js";
import { type Launch, launch } from "./launch.js";
import { FLAG, type Options, PAIR } from "./options.js";
import { generate, type HostTensor } from "./reference.js";

/* Pooling of images [..., height, width], or [..., height, width, channels] where channels come last; any leading axes. */

export interface PoolOptions {
  /** Steps between windows. Default the window's size. */
  stride?: Pair;
  /** Rows and columns on each side, at most half a window. Default 0. */
  padding?: Pair;
  /** Images are [..., height, width, channels]. Default false. */
  channelsLast?: boolean;
}

export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts as zeros (default) or not at all. */
  countPadding?: boolean;
}

/** What is checked of a call: per axis [vertical, horizontal]. */
interface Pooling {
  x: Tensor;
  mode: PoolVariant["mode"];
  /** Null where windows are equal shares of the image. */
  window: { kernel: Size; stride: Size; padding: Size } | null;
  out: Size;
  countPadding: boolean;
  /** Axes after height and width. */
  inner: 0 | 1;
}

/** Height and width of an image. */
const sidesOf = (shape: Shape, inner: Pooling["inner"]): readonly number[] =>
  shape.slice(shape.length - 2 - inner, shape.length - inner);

type Size = readonly [number, number];

function checkImage(name: string, x: Tensor, inner: Pooling["inner"] = 0): void {
  check(
    x.rank >= 2 + inner,
    "shape",
    () =>
      `${name}: ${formatShape(x.shape)} is no image; give [..., height, width${inner ? ", channels" : ""}]`,
  );
}

function checkPooling(
  name: string,
  mode: Pooling["mode"],
  x: Tensor,
  size: Pair,
  options: AvgPoolOptions = {},
): Pooling {
  const inner = options.channelsLast ? 1 : 0;
  checkImage(name, x, inner);
  const kernel = checkPair(`${name}: window`, size, 1);
  const stride = checkPair(`${name}: stride`, options.stride ?? size, 1);
  const padding = checkPair(`${name}: padding`, options.padding ?? 0, 0);
  check(
    padding.every((p, axis) => 2 * p <= kernel[axis]),
    "argument",
    () => `${name}: padding ${padding} must be at most half the window ${kernel}`,
  );
  const image = sidesOf(x.shape, inner);
  const out = image.map((side, axis) =>
    Math.floor((side + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1),
  ) as unknown as Size;
  check(
    out.every((side) => side >= 1),
    "shape",
    () => `${name}: a window of ${kernel.join(" x ")} does not fit into an image of ${image.join(" x ")}`,
  );
  const window = { kernel, stride, padding };
  return { x, mode, window, out, countPadding: options.countPadding ?? true, inner };
}

function checkAdaptive(name: string, mode: Pooling["mode"], x: Tensor, size: Pair): Pooling {
  checkImage(name, x);
  const out = checkPair(`${name}: the result's size`, size, 1);
  check(
    x.shape.slice(-2).every((side) => side > 0),
    "shape",
    () => `${name}: an image of ${x.shape.slice(-2).join(" x ")} has nothing to pool`,
  );
  return { x, mode, window: null, out, countPadding: false, inner: 0 };
}

const variantOf = ({ mode, window, countPadding }: Pooling): PoolVariant => ({
  mode,
  adaptive: window === null,
  countPadding: countPadding && mode === "mean",
});

function uniformsOf(image: Shape, { window, out, inner }: Pooling): UniformValues {
  const [height, width] = sidesOf(image, inner);
  const { kernel, stride, padding } = window ?? { kernel: [0, 0], stride: [0, 0], padding: [0, 0] };
  return {
    inner: inner ? image[image.length - 1] : 1,
    ...{ inY: height, outY: out[0], kernelY: kernel[0], strideY: stride[0], paddingY: padding[0] },
    ...{ inX: width, outX: out[1], kernelX: kernel[1], strideX: stride[1], paddingX: padding[1] },
  };
}

function plan(call: Pooling, count: number, place = false): Launch {
  const { x } = call;
  const kernel = poolKernel({ ...variantOf(call), place });
  return { kernel, tensors: { x }, uniforms: uniformsOf(x.shape, call), over: [count] };
}

function backward(call: Pooling & { g: Tensor }, shape: Shape): Tensor {
  const { g, x, mode } = call;
  const out = Tensor.empty(g.device, shape);
  if (out.size === 0) return out;
  const tensors: Record<string, Tensor> = { g, out };
  if (mode === "max") {
    tensors.chosen = Tensor.empty(g.device, g.shape, "int32");
    const found = plan(call, g.size, true);
    launch({ ...found, tensors: { x, out: tensors.chosen } });
  }
  const kernel = poolBackwardKernel(variantOf(call));
  launch({ kernel, tensors, uniforms: uniformsOf(shape, call), over: [out.size] });
  return out;
}

/* @__NO_SIDE_EFFECTS__ */
const pooling = <A extends unknown[]>(
  name: string,
  mode: Pooling["mode"],
  checked: (name: string, mode: Pooling["mode"], ...args: A) => Pooling,
  options?: Options["takes"],
): Op<A> =>
  defineOp<A, Pooling>(name, {
    check: (...args) => checked(name, mode, ...args),
    options: options && { at: 2, takes: options },
    takes: FLOATS,
    shape: ({ x, out, inner }) => [
      ...x.shape.slice(0, x.rank - 2 - inner),
      ...out,
      ...x.shape.slice(x.rank - inner),
    ],
    kernel: (call, out) => plan(call, out.size),
    flop: ({ x }) => x.size,
    saves: mode === "max" ? ["x"] : [],
    vjp: { x: (context) => backward(context, context.shapes.x) },
    reference: pooledReference,
  });

const WINDOWS = { stride: PAIR, padding: PAIR, channelsLast: FLAG };

type PoolOp<O> = Op<[x: Tensor, size: Pair, options?: O]>;

/**
 * The largest value of each window; NaN where there is one. Padding never counts. The gradient goes to the first of equals.
 *
 * @param x [..., height, width].
 * @param size the window's, [vertical, horizontal] or one number for both.
 * @returns [..., floor((height + 2 padding - size) / stride) + 1, and so the width].
 * @example maxPool2d(x, 3, { stride: 2, padding: 1 });
 */
export const maxPool2d: PoolOp<PoolOptions> = pooling("maxPool2d", "max", checkPooling, WINDOWS);

/** The mean of each window; else as `maxPool2d`. @example avgPool2d(x, 2); */
export const avgPool2d: PoolOp<AvgPoolOptions> = pooling("avgPool2d", "mean", checkPooling, {
  ...WINDOWS,
  countPadding: FLAG,
});

/**
 * The largest value of equal shares of an image, as many as asked for: row i of `out` covers rows floor(i * height / out) to
 * ceil((i + 1) * height / out).
 *
 * @param x [..., height, width].
 * @param size of the result, [vertical, horizontal] or one number for both.
 * @example adaptiveMaxPool2d(x, 1);
 */
export const adaptiveMaxPool2d = pooling("adaptiveMaxPool2d", "max", checkAdaptive);

/** The mean of equal shares of an image; else as `adaptiveMaxPool2d`. @example adaptiveAvgPool2d(x, [7, 7]); */
export const adaptiveAvgPool2d = pooling("adaptiveAvgPool2d", "mean", checkAdaptive);

function pooledReference(call: Omit<Pooling, "x"> & { x: HostTensor }): number[] {
  const { x, mode, window, out, countPadding, inner } = call;
  const [height, width] = sidesOf(x.shape, inner);
  const channels = inner ? x.shape[x.shape.length - 1] : 1;
  const windowOf = (o: number, axis: 0 | 1, side: number): [number, number] => {
    if (!window) return [Math.floor((o * side) / out[axis]), Math.ceil(((o + 1) * side) / out[axis])];
    const start = o * window.stride[axis] - window.padding[axis];
    return [Math.max(0, start), Math.min(side, start + window.kernel[axis])];
  };
  const planes = sizeOf(x.shape.slice(0, x.shape.length - 2 - inner));
  return generate([planes, ...out, channels], ([plane, oy, ox, c]) => {
    const [top, bottom] = windowOf(oy, 0, height);
    const [left, right] = windowOf(ox, 1, width);
    const values: number[] = [];
    for (let y = top; y < bottom; y++)
      for (let column = left; column < right; column++)
        values.push(x.values[((plane * height + y) * width + column) * channels + c]);
    if (mode === "max") return Math.max(...values);
    const area = window && countPadding ? window.kernel[0] * window.kernel[1] : values.length;
    return values.reduce((a, b) => a + b, 0) / area;
  });
}
