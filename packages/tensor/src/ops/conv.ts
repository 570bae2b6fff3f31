import { refuseTracked } from "../autograd/record.js";
import { zeros } from "../create.js";
import { check } from "../errors.js";
import { panelWidth } from "../kernels/plan.js";
import { scope } from "../scope.js";
import { checkIs, checkPair, formatShape, type Pair, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { addColumns, columns, rowsAtOnce, type Window } from "./columns.js";
import { concat } from "./concat.js";
import { defineOp, FLOATS } from "./define.js";
import { add } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { checkOptions, FLAG, FLOAT_TYPE, NUMBER, type Options, PAIR, TENSOR } from "./options.js";
import { type PackedMatrix, type PackOptions, packMatrix, refusePacked } from "./packed.js";
import { generate, total, valueAt } from "./reference.js";
import { permute, reshape, slice } from "./shape.js";
import { expand, sum } from "./sum.js";

export type { Pair } from "../shape.js";

export interface Conv2dOptions {
  /** Added to each channel, [out]. */
  bias?: Tensor;
  /** Default 1. */
  stride?: Pair;
  /** Zeros on each side. Default 0. */
  padding?: Pair;
  /** Distance between the values of the kernel. Default 1. */
  dilation?: Pair;
  /** Number of groups of channels, each with its own filters. Default 1. */
  groups?: number;
  /** Gives [b, oh, ow, out] instead of [b, out, oh, ow]: the order in which patches become tokens, without a copy. */
  channelsLast?: boolean;
}

/** Filters packed once for many convolutions; made by `packConv` or `packConvLast`. */
export class ConvWeight {
  readonly packed: PackedMatrix;
  /** [out, in / groups, kh, kw]. */
  readonly shape: readonly [number, number, number, number];
  readonly groups: number;
  /** Whether it is for images whose channels come last. */
  readonly channelsLast: boolean;

  constructor(packed: PackedMatrix, shape: ConvWeight["shape"], groups: number, channelsLast = false) {
    this.packed = packed;
    this.shape = shape;
    this.groups = groups;
    this.channelsLast = channelsLast;
  }

  tensors(): Tensor[] {
    return this.packed.tensors();
  }

  dispose(): void {
    this.packed.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Packs filters for `conv2d`.
 *
 * @param weight [out, in / groups, kh, kw].
 * @example
 * const filters = packConv(weight);
 * const y = conv2d(x, filters, { stride: 16, bias });
 */
export function packConv(
  weight: Tensor,
  options: Pick<PackOptions, "dtype"> & { groups?: number } = {},
): ConvWeight {
  checkOptions("packConv", { at: 1, takes: { dtype: FLOAT_TYPE, groups: NUMBER } }, [weight, options]);
  const { groups = 1, dtype } = options;
  refuseTracked("packConv", weight);
  checkFilters(weight.shape, groups);
  const [out, channels, kh, kw] = weight.shape;
  return scope(() => {
    const rows = weight.view([groups, out / groups, channels * kh * kw]);
    return new ConvWeight(packMatrix(rows, { transposed: true, dtype }), [out, channels, kh, kw], groups);
  });
}

function checkFilters(shape: Shape, groups: number): void {
  check(
    shape.length === 4,
    "shape",
    () => `conv2d: weight is ${formatShape(shape)} and must be [out, in / groups, kh, kw]`,
  );
  check(
    Number.isInteger(groups) && groups >= 1 && shape[0] % groups === 0,
    "argument",
    () => `conv2d: ${shape[0]} filters do not divide into ${groups} groups`,
  );
}

/** Options that every convolution of images takes. */
export const PLACE: Options["takes"] = { bias: TENSOR, stride: PAIR, padding: PAIR, dilation: PAIR };

/** The sum of what `of` gives for each value of the kernel at an output pixel that lies inside the image, in float64. */
export const underKernel = (
  { kernel, stride, padding, dilation }: Window,
  [channels, height, width]: Shape,
  at: readonly [y: number, x: number],
  of: (channel: number, y: number, x: number, ky: number, kx: number) => number,
): number =>
  total(channels * kernel[0] * kernel[1], (i) => {
    const [ky, kx] = [Math.floor(i / kernel[1]) % kernel[0], i % kernel[1]];
    const [y, x] = [ky, kx].map((k, axis) => at[axis] * stride[axis] - padding[axis] + k * dilation[axis]);
    const inside = y >= 0 && y < height && x >= 0 && x < width;
    return inside ? of(Math.floor(i / (kernel[0] * kernel[1])), y, x, ky, kx) : 0;
  });

/**
 * Two-dimensional convolution (cross-correlation, as in every deep-learning library): the patches under the kernel are
 * laid out as rows of a matrix (im2col), which the packed filters multiply.
 *
 * @param x [b, in, h, w].
 * @param weight [out, in / groups, kh, kw], or filters packed once by `packConv`.
 * @returns [b, out, oh, ow], o = floor((i + 2 padding - dilation (k - 1) - 1) / stride) + 1.
 * @throws TensorError `shape` where channels differ or the kernel does not fit into the padded image.
 * @example
 * const y = conv2d(images, weight, { stride: 2, padding: 1, bias });
 */
export const conv2d = defineOp("conv2d", {
  check: checkConvolution,
  options: {
    at: 2,
    takes: { ...PLACE, groups: NUMBER, channelsLast: FLAG },
  },
  takes: FLOATS,
  forward: convolve,
  saves: { x: ["weight"], weight: ["x"] },
  vjp: {
    x: ({ g, weight, shapes, window, channelsLast }) => {
      refusePacked("conv2d", weight);
      const filters = reshape(cast(weight, "float32"), [window.groups, weight.shape[0] / window.groups, -1]);
      const image = zeros(g.device, shapes.x);
      eachPart(g, weight.shape, window, channelsLast, (start, part) => {
        scope(() => addColumns(matmul(part, filters), image, window, start));
      });
      return image;
    },
    weight: ({ g, x, shapes, window, channelsLast }) => {
      const source = cast(x, "float32");
      let total: Tensor | undefined;
      eachPart(g, shapes.weight, window, channelsLast, (start, part) => {
        const before = total;
        total = scope(() => {
          const under = columns(source, window, start, part.shape[1]);
          const product = matmul(part, under, { transposeA: true });
          return before ? add(before, product) : product;
        });
        before?.dispose();
      });
      return total ? reshape(total, shapes.weight) : zeros(g.device, shapes.weight);
    },
    bias: ({ g, channelsLast }) => sum(g, channelsLast ? [0, 1, 2] : [0, 2, 3]),
  },
  reference: ({ x, weight, bias, window, channelsLast }) => {
    const { groups, out } = window;
    const [filters, depth] = weight.shape;
    const value = (b: number, f: number, y: number, z: number) => {
      const first = Math.floor(f / (filters / groups)) * depth;
      const sum = underKernel(window, [depth, x.shape[2], x.shape[3]], [y, z], (c, row, column, ky, kx) => {
        return valueAt(x, [b, first + c, row, column]) * valueAt(weight, [f, c, ky, kx]);
      });
      return sum + (bias?.values[f] ?? 0);
    };
    return channelsLast
      ? generate([x.shape[0], ...out, filters], ([b, y, z, f]) => value(b, f, y, z))
      : generate([x.shape[0], filters, ...out], ([b, f, y, z]) => value(b, f, y, z));
  },
});

/** A checked convolution. */
interface Convolution {
  x: Tensor;
  weight: Tensor | ConvWeight;
  bias: Tensor | undefined;
  window: Window;
  channelsLast: boolean;
}

function checkConvolution(x: Tensor, weight: Tensor | ConvWeight, options: Conv2dOptions = {}): Convolution {
  const packed = weight instanceof ConvWeight;
  const { bias, channelsLast = false, groups = packed ? weight.groups : 1 } = options;
  check(
    !packed || groups === weight.groups,
    "argument",
    () =>
      `conv2d: groups is ${groups} and the weight was packed for ${(weight as ConvWeight).groups}; leave it out`,
  );
  checkFilters(weight.shape, groups);
  check(
    !packed || !weight.channelsLast,
    "argument",
    () => "conv2d: the weight was packed for conv2dLast; pack it with packConv",
  );
  const [filters, depth, kh, kw] = weight.shape;
  check(
    x.rank === 4 && x.shape[1] === depth * groups,
    "shape",
    () =>
      `conv2d: x is ${formatShape(x.shape)} and weight ${formatShape(weight.shape)} with ${groups} groups; x must be ` +
      `[b, ${depth * groups}, h, w]`,
  );
  checkIs("conv2d: bias", bias, [filters]);
  return { x, weight, bias, window: placeWindow(x.shape, [kh, kw], groups, options), channelsLast };
}

function convolve({ x, weight: given, bias, window, channelsLast }: Convolution): Tensor {
  const { groups } = window;
  const weight = given instanceof ConvWeight ? given : packConv(given, { groups });
  const [filters, depth, kh, kw] = weight.shape;
  const [batch, [oh, ow]] = [x.shape[0], window.out];
  const rows = batch * oh * ow;
  const each = filters / groups;
  const step = rowsAtOnce(rows, groups * Math.max(depth * kh * kw, each), x.device);
  const parts: Tensor[] = [];
  for (let start = 0; start === 0 || start < rows; start += step) {
    const count = Math.min(step, rows - start);
    parts.push(scope(() => product(columns(x, window, start, count), weight, bias)));
  }
  const joined = concat(parts, 1).view([groups, batch, oh * ow, each]);
  return channelsLast
    ? permute(joined, [1, 2, 0, 3]).view([batch, oh, ow, filters])
    : permute(joined, [1, 0, 3, 2]).view([batch, filters, oh, ow]);
}

/**
 * Goes through a convolution's output gradient in parts whose column matrix fits into memory: where each part of the output
 * pixels (over batch, y and x) starts, and the gradient there, [groups, rows, filters / groups].
 */
function eachPart(
  g: Tensor,
  weightShape: Shape,
  window: Window,
  channelsLast: boolean,
  run: (start: number, g: Tensor) => void,
): void {
  const { groups } = window;
  const [filters, depth, kh, kw] = weightShape;
  const [batch, pixels] = [g.shape[0], window.out[0] * window.out[1]];
  const per = filters / groups;
  const parted = channelsLast
    ? permute(reshape(g, [batch, pixels, groups, per]), [2, 0, 1, 3])
    : permute(reshape(g, [batch, groups, per, pixels]), [1, 0, 3, 2]);
  const matrix = reshape(parted, [groups, batch * pixels, per]);
  const rows = g.size === 0 ? 0 : batch * pixels;
  // A column matrix is packed, in whole panels.
  const widest = Math.max(depth * kh * kw, per) + panelWidth(g.device.caps);
  const step = rowsAtOnce(rows, groups * widest, g.device);
  for (let start = 0; start < rows; start += step) run(start, slice(matrix, [null, [start, start + step]]));
}

/** [groups, rows, k] times the filters: [groups, rows, filters / groups]. */
function product(matrix: Tensor, { packed, groups }: ConvWeight, bias?: Tensor): Tensor {
  if (!bias || groups === 1) return matmul(matrix, packed, { bias });
  const perGroup = cast(bias, "float32").view([groups, 1, packed.n]);
  return matmul(matrix, packed, { residual: expand(perGroup, [groups, matrix.shape[1], packed.n]) });
}

/** Checks the options and computes the size of the result. `x`: [b, in, h, w]. */
export function placeWindow(
  x: Shape,
  kernel: Window["kernel"],
  groups: number,
  options: Pick<Conv2dOptions, "stride" | "padding" | "dilation">,
): Window {
  const stride = checkPair("conv2d: stride", options.stride ?? 1, 1);
  const padding = checkPair("conv2d: padding", options.padding ?? 0, 0);
  const dilation = checkPair("conv2d: dilation", options.dilation ?? 1, 1);
  const size = (axis: 0 | 1) => {
    const room = x[2 + axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
    return Math.floor(room / stride[axis]) + 1;
  };
  const out = [size(0), size(1)] as const;
  check(
    out.every((n) => n > 0) && kernel.every((n) => n > 0),
    "shape",
    () =>
      `conv2d: a kernel of ${kernel.join(" x ")} (dilation ${dilation.join(", ")}) does not fit into x ` +
      `${formatShape(x)} with padding ${padding.join(", ")}; pad more`,
  );
  return { groups, kernel, stride, padding, dilation, out };
}
