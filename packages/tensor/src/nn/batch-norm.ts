import { noGrad } from "../autograd/record.js";
import { once } from "../autograd/replay.js";
import { check } from "../errors.js";
import { batchNorm } from "../ops/batch-norm.js";
import { add, mul, rsqrt, square, sub } from "../ops/elementwise.js";
import { mean } from "../ops/reduce.js";
import { reshape } from "../ops/shape.js";
import { scope } from "../scope.js";
import { formatShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { filledWith } from "./initial.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/**
 * Batch normalisation (Ioffe and Szegedy 2015). Training uses the statistics of the batch, through which gradients flow, and
 * moves running averages towards them; otherwise those averages are used. The batch is normalised with the variance over n and
 * the average takes the variance over n - 1, as in PyTorch.
 *
 * @example
 * const norm = new nn.BatchNorm(128).to(device);
 * const y = norm.train().forward(x); // [b, 128] or [b, 128, h, w]
 */
export class BatchNorm extends Module {
  /** [channels] each. */
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly running_mean: Parameter;
  readonly running_var: Parameter;
  /** Number of batches in the averages, int32 []. */
  readonly num_batches_tracked: Parameter;
  readonly #eps: number;
  readonly #momentum: number;

  /**
   * @param options.eps is added to the variance. Default 1e-5.
   * @param options.momentum is the share of a running average that each batch replaces. Default 0.1.
   */
  constructor(channels: number, { eps = 1e-5, momentum = 0.1 }: { eps?: number; momentum?: number } = {}) {
    super();
    const [initial, trainable] = [filledWith(1), false];
    this.weight = new Parameter([channels], { role: "gain", initial });
    this.bias = new Parameter([channels], { role: "bias" });
    this.running_mean = new Parameter([channels], { role: "mean", trainable });
    this.running_var = new Parameter([channels], { role: "variance", initial, trainable });
    this.num_batches_tracked = new Parameter([], { role: "count", dtype: "int32", trainable });
    this.#eps = eps;
    this.#momentum = momentum;
  }

  /**
   * @param x [b, channels, ...].
   * @throws TensorError `shape` in training where a channel has only one value.
   */
  forward(x: Tensor): Tensor {
    const { weight, bias, running_mean, running_var } = this;
    const eps = this.#eps;
    if (!this.training) {
      const statistics = { mean: running_mean.value, variance: running_var.value };
      return batchNorm(x, { ...statistics, weight: weight.value, bias: bias.value, eps });
    }
    const channels = weight.size;
    check(
      x.rank >= 2 && x.shape[1] === channels,
      "shape",
      () => `BatchNorm: x is ${formatShape(x.shape)} and must be [b, ${channels}, ...]`,
    );
    const count = channels === 0 ? 0 : x.size / channels;
    check(
      count > 1,
      "shape",
      () =>
        `BatchNorm: x ${formatShape(x.shape)} has ${count} values a channel; training needs two or more, a larger batch`,
    );
    return scope(() => {
      const axes = x.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
      const centre = mean(x, axes, { keepDims: true });
      const centred = sub(x, centre);
      const spread = mean(square(centred), axes, { keepDims: true });
      once(() => noGrad(() => this.#follow(centre, mul(spread, count / (count - 1)))));
      const each = ({ value }: Parameter) =>
        reshape(value, [channels, ...new Array<number>(x.rank - 2).fill(1)]);
      return add(mul(mul(centred, rsqrt(add(spread, eps))), each(weight)), each(bias));
    });
  }

  /** What it multiplies and adds by its running averages, [channels] each: weight / sqrt(variance + eps), and bias - mean times that. */
  folded(): { scale: Tensor; shift: Tensor } {
    const { weight, bias, running_mean, running_var } = this;
    return scope(() => {
      const scale = mul(weight.value, rsqrt(add(running_var.value, this.#eps)));
      return { scale, shift: sub(bias.value, mul(running_mean.value, scale)) };
    });
  }

  /** Moves the running averages towards a batch's statistics. */
  #follow(batchMean: Tensor, batchVariance: Tensor): void {
    const { running_mean, running_var, num_batches_tracked } = this;
    const share = this.#momentum;
    const moved = ({ value }: Parameter, batch: Tensor) =>
      add(mul(value, 1 - share), mul(reshape(batch, value.shape), share));
    running_mean.set(moved(running_mean, batchMean));
    running_var.set(moved(running_var, batchVariance));
    num_batches_tracked.set(add(num_batches_tracked.value, 1));
  }
}
