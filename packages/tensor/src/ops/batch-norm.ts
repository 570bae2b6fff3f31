import { check } from "../errors.js";
import { batchNormKernel } from "../kernels/norm.js";
import { checkIs, formatShape, sizeOf } from "../shape.js";
import { checkTensor, type Tensor } from "../tensor.js";
import { defineOp, FLOATS } from "./define.js";
import { add, div, mul, sqrt, sub } from "./elementwise.js";
import { NUMBER, TENSOR } from "./options.js";
import { generate, valueAt } from "./reference.js";
import { reshape } from "./shape.js";

export interface BatchNormOptions {
  /** What training has gathered, [channels] each. */
  mean: Tensor;
  variance: Tensor;
  /** Factor and shift, [channels] each. */
  weight?: Tensor;
  bias?: Tensor;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Batch normalisation by running statistics: (x - mean) / sqrt(variance + eps) * weight + bias for each channel.
 *
 * @param x [b, channels, ...].
 * @throws TensorError `shape` below rank 2 or where a part is not [channels].
 * @example
 * const y = batchNorm(x, { mean, variance, weight, bias });
 */
export const batchNorm = defineOp("batchNorm", {
  check: (x: Tensor, { mean, variance, weight, bias, eps = 1e-5 }: BatchNormOptions) => {
    check(
      x.rank >= 2,
      "shape",
      () => `batchNorm: x is ${formatShape(x.shape)} and must be [b, channels, ...]; add a batch axis`,
    );
    const channels = x.shape[1];
    for (const part of [mean, variance]) checkTensor("batchNorm", part);
    for (const [name, part] of Object.entries({ mean, variance, weight, bias }))
      checkIs(`batchNorm: ${name}`, part, [channels]);
    return { x, mean, variance, weight, bias, eps };
  },
  options: {
    at: 1,
    takes: { mean: TENSOR, variance: TENSOR, weight: TENSOR, bias: TENSOR, eps: NUMBER },
  },
  takes: FLOATS,
  shape: ({ x }) => x.shape,
  kernel: ({ x, mean, variance, weight, bias, eps }) => {
    const [batch, channels, ...rest] = x.shape;
    return {
      kernel: batchNormKernel({ weight: weight !== undefined, bias: bias !== undefined }),
      tensors: { x, mean, variance, ...(weight && { weight }), ...(bias && { bias }) },
      uniforms: { channels, eps },
      over: [batch * channels, sizeOf(rest)],
    };
  },
  flop: ({ x }) => 2 * x.size,
  onTape: ({ x, mean, variance, weight, bias, eps }) => {
    const each = (part: Tensor) => reshape(part, [x.shape[1], ...new Array<number>(x.rank - 2).fill(1)]);
    const unit = div(sub(x, each(mean)), each(sqrt(add(variance, eps))));
    const scaled = weight ? mul(unit, each(weight)) : unit;
    return bias ? add(scaled, each(bias)) : scaled;
  },
  reference: ({ x, mean, variance, weight, bias, eps }) =>
    generate(x.shape, (at) => {
      const c = at[1];
      const unit = (valueAt(x, at) - mean.values[c]) / Math.sqrt(variance.values[c] + eps);
      return unit * (weight?.values[c] ?? 1) + (bias?.values[c] ?? 0);
    }),
});
