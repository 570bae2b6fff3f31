import type { Activation } from "../kernels/math.js";
import { ConvWeight } from "../ops/conv.js";
import { conv2dLast, packConvLast } from "../ops/conv-last.js";
import { add, mul } from "../ops/elementwise.js";
import { ACTIVATE } from "../ops/matmul.js";
import { PackedMatrix } from "../ops/packed.js";
import { reshape } from "../ops/shape.js";
import { scope } from "../scope.js";
import type { Pair } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { BatchNorm } from "./batch-norm.js";
import { type Initial, uniformWithin } from "./initial.js";
import { Module } from "./module.js";
import { type FreezeOptions, onceAllFilled, Parameter } from "./parameter.js";

export interface Conv2dLayerOptions extends Initial {
  /** Default 1. */
  stride?: Pair;
  /** Zeros on each side. Default 0. */
  padding?: Pair;
}

/** Layers after a convolution that run in its kernel once it is frozen. */
export interface ConvFused {
  /** Batch normalisation of the result. */
  norm?: BatchNorm;
  /** Added after it; the output's shape. */
  residual?: Tensor;
  /** Applied last. */
  activation?: Activation;
}

/**
 * Convolution of images whose channels come last, without a bias: a norm follows. The weight starts uniform within
 * ±1 / sqrt(inputs of an output), PyTorch's default. `freeze` packs it.
 *
 * @example
 * const conv1 = new nn.Conv2d(64, 128, 3, { stride: 2, padding: 1 }).to(device);
 * const y = conv1.forward(x, { norm: bn1, activation: "relu" }); // [b, 56, 56, 64] gives [b, 28, 28, 128]
 */
export class Conv2d extends Module {
  /** [outputs, inputs, kernel, kernel], as in checkpoints. */
  readonly weight: Parameter;
  readonly stride: Pair;
  readonly #padding: Pair;
  /** The norm that `freeze` has folded in. */
  #folded: BatchNorm | null = null;

  constructor(inputs: number, outputs: number, kernel: number, options: Conv2dLayerOptions = {}) {
    super();
    const { stride = 1, padding = 0 } = options;
    const bound = 1 / Math.sqrt(inputs * kernel * kernel);
    const initial = uniformWithin(bound, options);
    this.weight = new Parameter([outputs, inputs, kernel, kernel], { role: "weight", initial });
    this.stride = stride;
    this.#padding = padding;
  }

  /**
   * activation(norm(conv(x)) + residual).
   *
   * @param x [b, h, w, inputs].
   */
  forward(x: Tensor, { norm, residual, activation }: ConvFused = {}): Tensor {
    const weight = this.#filters();
    const place = { stride: this.stride, padding: this.#padding };
    if (!norm) return conv2dLast(x, weight, { ...place, residual, activation });
    if (norm === this.#folded)
      return conv2dLast(x, weight, { ...place, bias: norm.bias.value, residual, activation });
    return scope(() => {
      const y = conv2dLast(x, weight, place);
      const rows = reshape(norm.forward(reshape(y, [-1, y.shape[3]])), y.shape);
      const sum = residual ? add(rows, residual) : rows;
      return activation ? ACTIVATE[activation](sum) : sum;
    });
  }

  /**
   * Packs the weight.
   *
   * @param options.norm is folded in, w g and b - m g with g = weight / deviation, and must then be given to `forward`; its bias holds
   * the second of these from then on.
   */
  override freeze({ norm, dtype }: FreezeOptions & Pick<ConvFused, "norm"> = {}): this {
    const { weight } = this;
    if (!weight.trainable) return this;
    weight.freeze({ packs: false });
    const parts = norm ? [norm.weight, norm.bias, norm.running_mean, norm.running_var] : [];
    onceAllFilled([weight, ...parts], () => {
      this.#folded = norm ?? null;
      scope(() => {
        const folded = norm?.folded();
        const values = folded ? mul(weight.value, reshape(folded.scale, [-1, 1, 1, 1])) : weight.value;
        weight.replace(packConvLast(values, { dtype }).packed);
        if (folded) norm!.bias.replace(folded.shift);
      });
    });
    return this;
  }

  #filters(): Tensor | ConvWeight {
    const { matrix, shape } = this.weight;
    if (!(matrix instanceof PackedMatrix)) return matrix;
    return new ConvWeight(matrix, shape as ConvWeight["shape"], 1, true);
  }
}
