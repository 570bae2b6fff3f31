import { check } from "../errors.js";
import { gemmKernel } from "../kernels/gemm.js";
import { ACTIVATIONS, type Activation } from "../kernels/math.js";
import { planGemm } from "../kernels/plan.js";
import { tileHeight, tileWidth } from "../kernels/tile.js";
import { checkIs, formatShape, type Shape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import type { Window } from "./columns.js";
import { concat, pad } from "./concat.js";
import { type Conv2dOptions, ConvWeight, conv2d, PLACE, placeWindow, underKernel } from "./conv.js";
import { defineOp, FLOATS, type Op } from "./define.js";
import { add } from "./elementwise.js";
import { launch } from "./launch.js";
import { ACTIVATE } from "./matmul.js";
import { oneOf, TENSOR } from "./options.js";
import { type PackOptions, packMatrix } from "./packed.js";
import { generate, valueAt } from "./reference.js";
import { permute, slice } from "./shape.js";

export interface Conv2dLastOptions extends Pick<Conv2dOptions, "bias" | "stride" | "padding" | "dilation"> {
  /** Added before the activation; the output's shape. */
  residual?: Tensor;
  /** Applied last. */
  activation?: Activation;
}

/** Images of fewer channels are surrounded by zeros first, so that a whole line of the kernel is read in one run. */
const FEW_CHANNELS = 16;

/** Values of an image's pixel, an even number: products take two at a time. */
const depthOf = (channels: number): number => channels + (channels % 2);

/**
 * Packs filters for `conv2dLast`.
 *
 * @param weight [out, in, kh, kw], as for `conv2d`.
 * @example
 * const filters = packConvLast(weight);
 * const y = conv2dLast(x, filters, { padding: 1, bias, activation: "relu" });
 */
export function packConvLast(weight: Tensor, { dtype }: Pick<PackOptions, "dtype"> = {}): ConvWeight {
  const [out, channels, kh, kw] = checkFilters(weight.shape);
  const depth = depthOf(channels);
  const last = permute(weight, [0, 2, 3, 1]);
  const even =
    depth === channels
      ? last
      : pad(last, [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, 1],
        ]);
  const packed = packMatrix(even.view([out, kh * kw * depth]), { transposed: true, dtype });
  return new ConvWeight(packed, [out, channels, kh, kw], 1, true);
}

function checkFilters(shape: Shape): ConvWeight["shape"] {
  check(
    shape.length === 4,
    "shape",
    () => `conv2dLast: weight is ${formatShape(shape)} and must be [out, in, kh, kw]`,
  );
  return shape as unknown as ConvWeight["shape"];
}

/** A checked convolution. */
type Convolution = Pick<Conv2dLastOptions, "bias" | "residual" | "activation"> & {
  x: Tensor;
  weight: Tensor | ConvWeight;
  window: Window;
  /** [b, oh, ow, out]. */
  out: Shape;
};

/**
 * Two-dimensional convolution of images whose channels come last, with what follows it fused: activation(conv(x) + bias + residual).
 * Windows are read where they lie, without a copy of each (implicit im2col), and a 1 x 1 kernel is a plain product.
 *
 * @param x [b, h, w, in].
 * @param weight [out, in, kh, kw], or filters packed once by `packConvLast`, through which no gradient flows.
 * @returns [b, oh, ow, out], o = floor((i + 2 padding - dilation (k - 1) - 1) / stride) + 1.
 * @throws TensorError `shape` where channels differ or the kernel does not fit into the padded image.
 * @example
 * const y = conv2dLast(x, weight, { padding: 1, bias, residual: x, activation: "relu" });
 */
export const conv2dLast: Op<[x: Tensor, weight: Tensor | ConvWeight, options?: Conv2dLastOptions]> = defineOp(
  "conv2dLast",
  {
    check: checkConvolution,
    options: {
      at: 2,
      takes: { ...PLACE, residual: TENSOR, activation: oneOf(...Object.keys(ACTIVATIONS)) },
    },
    takes: FLOATS,
    forward: convolve,
    onTape: ({ x, weight, bias, residual, activation, window: { stride, padding, dilation } }) => {
      if (weight instanceof ConvWeight) return null;
      const place = { stride, padding, dilation, channelsLast: true };
      const y = conv2d(permute(x, [0, 3, 1, 2]), weight, { bias, ...place });
      const sum = residual ? add(y, residual) : y;
      return activation ? ACTIVATE[activation](sum) : sum;
    },
    reference: ({ x, weight, bias, residual, activation, window, out }) => {
      const [, height, width, channels] = x.shape;
      return generate(out, (at) => {
        const [b, oy, ox, f] = at;
        const value = underKernel(window, [channels, height, width], [oy, ox], (c, y, z, ky, kx) => {
          return valueAt(x, [b, y, z, c]) * valueAt(weight, [f, c, ky, kx]);
        });
        const sum = value + (bias?.values[f] ?? 0) + (residual ? valueAt(residual, at) : 0);
        return activation ? ACTIVATE[activation].row.reference(sum, 0, 0) : sum;
      });
    },
  },
);

function checkConvolution(
  x: Tensor,
  weight: Tensor | ConvWeight,
  options: Conv2dLastOptions = {},
): Convolution {
  const [filters, depth, kh, kw] = checkFilters(weight.shape);
  check(
    !(weight instanceof ConvWeight) || weight.channelsLast,
    "argument",
    () => "conv2dLast: the weight was packed for conv2d; pack it with packConvLast",
  );
  check(
    x.rank === 4 && x.shape[3] === depth,
    "shape",
    () =>
      `conv2dLast: x is ${formatShape(x.shape)} and weight ${formatShape(weight.shape)}; x must be [b, h, w, ${depth}]`,
  );
  const { bias, residual, activation } = options;
  const [batch, height, width] = x.shape;
  const window = placeWindow([batch, depth, height, width], [kh, kw], 1, options);
  const out = [batch, ...window.out, filters];
  checkIs("conv2dLast: bias", bias, [filters]);
  checkIs("conv2dLast: residual", residual, out);
  return { x, weight, bias, residual, activation, window, out };
}

/** The lowest tile of any kernel family has 4 rows. */
const LOWEST_TILE = 4;

function convolve(call: Convolution): Tensor {
  const { x, weight, residual, out } = call;
  const filters = weight instanceof ConvWeight ? weight : packConvLast(weight);
  const [batch, oh, ow] = out;
  const most = Math.floor((LOWEST_TILE * x.device.caps.maxWorkgroupsPerDimension) / Math.max(1, oh * ow));
  if (batch <= Math.max(1, most)) return product(call, filters);
  const parts = Array.from({ length: Math.ceil(batch / most) }, (_, i) => {
    const own = (t: Tensor) => slice(t, [[i * most, (i + 1) * most]]);
    const images = Math.min(most, batch - i * most);
    const part = { ...call, x: own(x), residual: residual && own(residual), out: [images, ...out.slice(1)] };
    return product(part, filters);
  });
  return concat(parts);
}

/** The windows of all output pixels as rows, times the filters. */
function product(
  { x, bias, residual, activation, window, out: shape }: Convolution,
  { packed }: ConvWeight,
): Tensor {
  const out = Tensor.empty(x.device, shape);
  if (out.size === 0) return out;
  const { caps, tuning } = x.device;
  const { images, uniforms, windows, run } = placed(x, window);
  const [rows, n] = [sizeOf(shape.slice(0, -1)), shape[3]];
  // Packed filters have an even number of values, so that any tile may take two at a time.
  const tile = planGemm(rows, packed.k, n, caps, tuning, 1, { run });
  const kernel = gemmKernel({
    tile,
    half: packed.half,
    ...(windows && { layout: { transposed: false, plain: false, windows } }),
    bias: bias !== undefined,
    activation: activation ?? null,
    residual: residual !== undefined,
    ...(activation && residual && { activatesLast: true }),
    aligned: n % 4 === 0,
  });
  launch(
    {
      kernel,
      tensors: {
        a: images,
        panels: packed.panels,
        ...(bias && { bias }),
        ...(residual && { residual }),
        out,
      },
      uniforms: { m: rows, n, k: packed.k, aBatch: 0, panelBatch: 0, scale: 1, ...uniforms },
      grid: [Math.ceil(rows / tileHeight(tile)), Math.ceil(n / tileWidth(tile)), 1],
    },
    2 * rows * n * packed.k,
  );
  return out;
}

/** The images as the product reads them, and where their windows lie. */
function placed(x: Tensor, { kernel, stride, padding, dilation, out }: Window) {
  const channels = x.shape[3];
  const depth = depthOf(channels);
  const surrounds = channels < FEW_CHANNELS && padding.some((p) => p > 0);
  const [padY, padX] = surrounds ? padding : [0, 0];
  const images =
    surrounds || depth > channels
      ? pad(x, [
          [0, 0],
          [padY, padY],
          [padX, padX],
          [0, depth - channels],
        ])
      : x;
  const left = surrounds ? [0, 0] : padding;
  // Places of a line side by side without zeros between are one run.
  const inRun = left[1] === 0 && dilation[1] === 1;
  const windows = [...kernel, ...stride].some((n) => n > 1) || left.some((p) => p > 0);
  const run = inRun ? kernel[1] * depth : depth;
  const uniforms = {
    ...{ run, pitch: depth },
    ...{ height: images.shape[1], width: images.shape[2], outHeight: out[0], outWidth: out[1] },
    ...{ kernelY: kernel[0], kernelX: inRun ? 1 : kernel[1], strideY: stride[0], strideX: stride[1] },
    ...{ padY: left[0], padX: left[1], dilationY: dilation[0], dilationX: dilation[1] },
  };
  return { images, windows, run: depth % 4 === 0 ? run : 0, uniforms: windows ? uniforms : {} };
}
