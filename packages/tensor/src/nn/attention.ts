import { check } from "../errors.js";
import { selfAttention } from "../ops/attention.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import type { Initial } from "./initial.js";
import { type FoldOptions, type Fused, Linear } from "./linear.js";
import { Module } from "./module.js";
import type { Parameter } from "./parameter.js";

/** What each token sees. */
export interface AttendOptions {
  /** Each token sees itself and those before it. Default false. */
  causal?: boolean;
  /** Added to the scores, broadcastable to [b, heads, tokens, tokens]; -Infinity hides a key. */
  mask?: Tensor;
  /** Only the first that many tokens' rows are computed; all tokens stay visible to them. */
  queries?: number;
}

export interface SelfAttentionOptions extends AttendOptions, Omit<Fused, "activation"> {}

/**
 * Multi-head self-attention (Vaswani et al. 2017) between a fused projection to queries, keys and values and an output
 * projection. The first starts uniform within ±sqrt(6 / (4 width)) (Glorot and Bengio 2010) and biases at 0, as in PyTorch.
 *
 * @example
 * const attention = new nn.SelfAttention(512, 8, { seed: 7 }).to(device);
 * const y = attention.forward(x, { causal: true }); // [b, tokens, 512]
 */
export class SelfAttention extends Module {
  /** Queries, keys and values one below the other, [3 width, width]. */
  readonly in_proj_weight: Parameter;
  /** [3 width]. */
  readonly in_proj_bias: Parameter | null;
  readonly out_proj: Linear;
  /** Holds the two parameters above, which checkpoints name without a dot. */
  readonly #in_proj: Linear;
  readonly #heads: number;

  /** @throws TensorError `argument` unless the heads divide the width. */
  constructor(width: number, heads: number, initial: Initial = {}) {
    super();
    check(
      Number.isInteger(heads) && heads >= 1 && width % heads === 0,
      "argument",
      () => `SelfAttention: a width of ${width} does not divide into ${heads} heads`,
    );
    const { offset = 0 } = initial;
    const bound = Math.sqrt(6 / (4 * width));
    this.#in_proj = new Linear(width, 3 * width, { ...initial, bound, biasBound: 0 });
    this.in_proj_weight = this.#in_proj.weight;
    this.in_proj_bias = this.#in_proj.bias;
    const after = offset + 3 * width * width;
    this.out_proj = new Linear(width, width, { ...initial, offset: after, biasBound: 0 });
    this.#heads = heads;
  }

  /**
   * attention(norm(x)) gain + residual.
   *
   * @param x [b, tokens, width].
   * @returns the same shape, or [b, queries, width].
   */
  forward(x: Tensor, { norm, gain, residual, ...options }: SelfAttentionOptions = {}): Tensor {
    return scope(() => {
      const qkv = this.project(x, { norm });
      return this.output(this.attend(qkv, options), { gain, residual });
    });
  }

  /** Queries, keys and values of each token by itself, [..., width] to [..., 3 width]. */
  project(x: Tensor, options: Pick<Fused, "norm"> = {}): Tensor {
    return this.#in_proj.forward(x, options);
  }

  /** The only step that mixes tokens: [b, tokens, 3 width] to [b, tokens or queries, width]. */
  attend(qkv: Tensor, options: AttendOptions = {}): Tensor {
    return selfAttention(qkv, this.#heads, options);
  }

  /** The output projection of each token by itself, [..., width]. */
  output(attended: Tensor, added: Pick<Fused, "gain" | "residual"> = {}): Tensor {
    return this.out_proj.forward(attended, added);
  }

  /** @param options.norm, options.gain are folded into the first and the last projection, as by `Linear.freeze`. */
  override freeze({ norm, gain, ...options }: FoldOptions = {}): this {
    this.#in_proj.freeze({ ...options, norm });
    this.out_proj.freeze({ ...options, gain });
    return super.freeze(options);
  }
}
