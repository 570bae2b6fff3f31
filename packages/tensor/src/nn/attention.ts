import { zeros } from "../create.js";
import type { Device } from "../device/device.js";
import { check } from "../errors.js";
import { selfAttention } from "../ops/attention.js";
import { matmul } from "../ops/matmul.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { type Initial, spreadEvenly } from "./layer.js";
import { Linear } from "./linear.js";
import { Module, Parameter } from "./module.js";

/**
 * Multi-head self-attention (Vaswani et al. 2017) between a fused projection and an output projection. The first starts evenly
 * spread within sqrt(6 / (4 width)) (Glorot and Bengio 2010), biases start at 0, as in PyTorch.
 *
 * @example
 * const attention = new nn.MultiHeadAttention(device, 512, 8, { seed: 7 });
 * const y = attention.forward(x, { causal: true }); // [b, tokens, 512]
 */
export class MultiHeadAttention extends Module {
  /** Queries, keys and values one below the other, [3 width, width]. */
  readonly in_proj_weight: Parameter;
  /** [3 width]. */
  readonly in_proj_bias: Parameter;
  readonly out_proj: Linear;
  readonly #heads: number;

  /** @throws TensorError `argument` unless the heads divide the width. */
  constructor(device: Device, width: number, heads: number, initial: Initial = {}) {
    super();
    check(
      Number.isInteger(heads) && heads >= 1 && width % heads === 0,
      "argument",
      () => `MultiHeadAttention: a width of ${width} does not divide into ${heads} heads`,
    );
    const weights = 3 * width * width;
    const bound = Math.sqrt(6 / (4 * width));
    this.in_proj_weight = new Parameter(spreadEvenly(device, [3 * width, width], bound, initial));
    this.in_proj_bias = new Parameter(zeros(device, [3 * width]));
    this.out_proj = new Linear(device, width, width, {
      ...initial,
      offset: (initial.offset ?? 0) + weights,
    });
    this.out_proj.bias?.set(zeros(device, [width]));
    this.#heads = heads;
  }

  /**
   * @param x [b, tokens, width].
   * @param options.causal a token sees itself and those before it.
   * @param options.mask added to the scores, broadcastable to [b, heads, tokens, tokens]; -Infinity hides a key.
   */
  forward(x: Tensor, { causal, mask }: { causal?: boolean; mask?: Tensor } = {}): Tensor {
    const { in_proj_weight, in_proj_bias, out_proj } = this;
    return scope(() => {
      const qkv = matmul(x, in_proj_weight.value, { transposeB: true, bias: in_proj_bias.value });
      return out_proj.forward(selfAttention(qkv, this.#heads, { causal, mask }));
    });
  }
}
