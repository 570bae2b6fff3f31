import { recorded, refuseTracked } from "../autograd/record.js";
import { check } from "../errors.js";
import { scope } from "../scope.js";
import { formatShape, type Shape } from "../shape.js";
import { commonDevice, type Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { columns, rowsAtOnce, type Window } from "./columns.js";
import { concat } from "./concat.js";
import { matmul } from "./matmul.js";
import { type PackedMatrix, type PackOptions, packMatrix } from "./packed.js";
import { expand, permute } from "./shape.js";

/** The same along both axes, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

export interface Conv2dOptions {
  /** Added to each channel, [out]. */
  bias?: Tensor;
  /** Default 1. */
  stride?: Pair;
  /** Zeros on each side. Default 0. */
  padding?: Pair;
  /** Distance of the kernel's values. Default 1. */
  dilation?: Pair;
  /** Channels are cut into that many groups, each with filters of its own. Default 1. */
  groups?: number;
  /** Gives [b, oh, ow, out] instead of [b, out, oh, ow]: the order in which patches become tokens, without a copy. */
  channelsLast?: boolean;
}

/** Filters packed once for many convolutions; made by `packConv`. */
export class ConvWeight {
  readonly packed: PackedMatrix;
  /** [out, in / groups, kh, kw]. */
  readonly shape: readonly [number, number, number, number];
  readonly groups: number;

  constructor(packed: PackedMatrix, shape: ConvWeight["shape"], groups: number) {
    this.packed = packed;
    this.shape = shape;
    this.groups = groups;
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
  const { groups = 1, dtype } = options;
  refuseTracked("packConv", weight);
  check(
    weight.rank === 4,
    "shape",
    () => `conv2d: weight is ${formatShape(weight.shape)} and must be [out, in / groups, kh, kw]`,
  );
  const [out, channels, kh, kw] = weight.shape;
  check(
    Number.isInteger(groups) && groups >= 1 && out % groups === 0,
    "argument",
    () => `conv2d: ${out} filters do not divide into ${groups} groups`,
  );
  return scope(() => {
    const rows = weight.view([groups, out / groups, channels * kh * kw]);
    return new ConvWeight(packMatrix(rows, { transposed: true, dtype }), [out, channels, kh, kw], groups);
  });
}

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
export function conv2d(x: Tensor, weight: Tensor | ConvWeight, options: Conv2dOptions = {}): Tensor {
  return recorded("conv2d", [x, weight, options.bias], options, () => convolved(x, weight, options));
}

function convolved(x: Tensor, weight: Tensor | ConvWeight, options: Conv2dOptions): Tensor {
  return scope(() => {
    if (weight instanceof ConvWeight) {
      const { groups = weight.groups } = options;
      check(
        groups === weight.groups,
        "argument",
        () => `conv2d: groups is ${groups} and the weight was packed for ${weight.groups}; leave it out`,
      );
      return convolve(cast(x, "float32"), weight, options);
    }
    return convolve(cast(x, "float32"), packConv(weight, { groups: options.groups }), options);
  });
}

function convolve(x: Tensor, weight: ConvWeight, options: Conv2dOptions): Tensor {
  const { bias, channelsLast = false } = options;
  const { groups } = weight;
  const [filters, depth, kh, kw] = weight.shape;
  check(
    x.rank === 4 && x.shape[1] === depth * groups,
    "shape",
    () =>
      `conv2d: x is ${formatShape(x.shape)} and weight ${formatShape(weight.shape)} with ${groups} groups; x must be ` +
      `[b, ${depth * groups}, h, w]`,
  );
  check(
    !bias || (bias.rank === 1 && bias.shape[0] === filters),
    "shape",
    () => `conv2d: bias is ${formatShape(bias?.shape ?? [])} and must be [${filters}]`,
  );
  const device = commonDevice("conv2d", [x, weight.packed.panels, ...(bias ? [bias] : [])]);
  const window = placeWindow(x.shape, [kh, kw], options);
  const [batch, [oh, ow]] = [x.shape[0], window.out];
  const rows = batch * oh * ow;
  const width = depth * kh * kw;
  const each = filters / groups;
  const step = rowsAtOnce(rows, groups * Math.max(width, each), device);
  const parts: Tensor[] = [];
  for (let start = 0; start === 0 || start < rows; start += step) {
    const count = Math.min(step, rows - start);
    parts.push(scope(() => product(columns(x, window, groups, start, count), weight, bias)));
  }
  const joined = concat(parts, 1).view([groups, batch, oh * ow, each]);
  return channelsLast
    ? permute(joined, [1, 2, 0, 3]).view([batch, oh, ow, filters])
    : permute(joined, [1, 0, 3, 2]).view([batch, filters, oh, ow]);
}

/** [groups, rows, k] times the filters: [groups, rows, filters / groups]. */
function product(matrix: Tensor, { packed, groups }: ConvWeight, bias?: Tensor): Tensor {
  if (!bias || groups === 1) return matmul(matrix, packed, { bias });
  const perGroup = cast(bias, "float32").view([groups, 1, packed.n]);
  return matmul(matrix, packed, { residual: expand(perGroup, [groups, matrix.shape[1], packed.n]) });
}

/** Checks the options and works out the size of the result. */
export function placeWindow(x: Shape, kernel: Window["kernel"], options: Conv2dOptions): Window {
  const pair = (name: "stride" | "padding" | "dilation", fallback: number) => {
    const value = options[name] ?? fallback;
    const both = typeof value === "number" ? ([value, value] as const) : value;
    const least = name === "padding" ? 0 : 1;
    check(
      both.length === 2 && both.every((v) => Number.isInteger(v) && v >= least),
      "argument",
      () => `conv2d: ${name} ${both.join(", ")} must be one or two whole numbers, ${least} or more`,
    );
    return both;
  };
  const [stride, padding, dilation] = [pair("stride", 1), pair("padding", 0), pair("dilation", 1)];
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
  return { kernel, stride, padding, dilation, out };
}
