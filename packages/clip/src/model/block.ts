import { concat, expand, mul, nn, scope, silu, slice, type Tensor } from "@inctrl/tensor";
import type { Activation, TowerConfig, VisionConfig } from "../config/types.js";

/** Sizes and parts of a tower's blocks. */
export interface BlockConfig
  extends Omit<TowerConfig, "layers">,
    Pick<VisionConfig, "layerScale" | "swiglu"> {
  readonly activation: Activation;
}

export interface BlockOptions {
  /** Each token sees itself and those before it. Default false. */
  readonly causal?: boolean;
  /** Only the first that many tokens' rows are computed; all tokens stay visible to them. */
  readonly queries?: number;
}

/** c_proj(activation(c_fc(x))), or with SwiGLU (Shazeer 2020) c_proj(silu(a) b), c_fc(x) being [a, b]. */
class Mlp extends nn.Module {
  readonly c_fc: nn.Linear;
  readonly c_proj: nn.Linear;
  readonly #activation: Activation | null;

  constructor({ width, mlpWidth, activation, swiglu }: BlockConfig) {
    super();
    this.c_fc = new nn.Linear(width, swiglu ? 2 * mlpWidth : mlpWidth);
    this.c_proj = new nn.Linear(mlpWidth, width);
    this.#activation = swiglu ? null : activation;
  }

  forward(x: Tensor, { norm, ...added }: Omit<nn.Fused, "activation">): Tensor {
    return scope(() => {
      const activation = this.#activation ?? undefined;
      const hidden = this.c_fc.forward(x, { norm, activation });
      return this.c_proj.forward(activation ? hidden : gated(hidden), added);
    });
  }

  override freeze({ norm, gain, ...options }: nn.FoldOptions = {}): this {
    this.c_fc.freeze({ ...options, norm });
    this.c_proj.freeze({ ...options, gain });
    return super.freeze(options);
  }
}

/** silu(a) b of [batch, tokens, 2 n], which holds a, then b. */
function gated(hidden: Tensor): Tensor {
  const [, , both] = hidden.shape;
  const half = (from: number) => slice(hidden, [null, null, [from, from + both / 2]]);
  return mul(silu(half(0)), half(both / 2));
}

/** A learned gain for each channel (Touvron et al. 2021). */
class LayerScale extends nn.Module {
  readonly gamma: nn.Parameter;

  constructor(width: number) {
    super();
    this.gamma = new nn.Parameter([width], { role: "gain", initial: nn.filledWith(1) });
  }
}

/**
 * One pre-norm transformer block: y = x + ls_1 attn(ln_1(x)), then y + ls_2 mlp(ln_2(y)), without gains in most models. Five dispatches
 * on software adapters once frozen, and three more with SwiGLU.
 */
export class Block extends nn.Module {
  readonly ln_1: nn.LayerNorm;
  readonly attn: nn.SelfAttention;
  readonly ls_1: LayerScale | null;
  readonly ln_2: nn.LayerNorm;
  readonly mlp: Mlp;
  readonly ls_2: LayerScale | null;

  constructor(config: BlockConfig) {
    super();
    const { width, heads, layerScale, lnEps: eps } = config;
    this.ln_1 = new nn.LayerNorm(width, { eps });
    this.attn = new nn.SelfAttention(width, heads);
    this.ls_1 = layerScale ? new LayerScale(width) : null;
    this.ln_2 = new nn.LayerNorm(width, { eps });
    this.mlp = new Mlp(config);
    this.ls_2 = layerScale ? new LayerScale(width) : null;
  }

  /**
   * @param x [batch, tokens, width].
   * @returns [batch, tokens, width], or [batch, queries, width].
   */
  forward(x: Tensor, { causal, queries }: BlockOptions = {}): Tensor {
    return scope(() => {
      const attended = this.attn.attend(this.project(x), { causal, queries });
      return this.finish(attended, queries === undefined ? x : slice(x, [null, [0, queries]]));
    });
  }

  /** Queries, keys and values of each token by itself, [..., width] to [..., 3 width]. */
  project(x: Tensor): Tensor {
    return this.attn.project(x, { norm: this.ln_1 });
  }

  /** The block after its attention, on each token by itself. @param x the block's input, of the shape of `attended`. */
  finish(attended: Tensor, x: Tensor): Tensor {
    return scope(() => {
      const y = this.attn.output(attended, { gain: this.ls_1?.gamma, residual: x });
      return this.mlp.forward(y, { norm: this.ln_2, gain: this.ls_2?.gamma, residual: y });
    });
  }

  /** Folds norms into the products after them, gains into those before them, and packs the matrices. */
  override freeze(options: nn.FreezeOptions = {}): this {
    this.attn.freeze({ ...options, norm: this.ln_1, gain: this.ls_1?.gamma });
    this.mlp.freeze({ ...options, norm: this.ln_2, gain: this.ls_2?.gamma });
    return super.freeze(options);
  }
}

/** Blocks one after the other. */
export class Transformer extends nn.Module {
  readonly resblocks: readonly Block[];

  constructor(config: BlockConfig & Pick<TowerConfig, "layers">) {
    super();
    this.resblocks = Array.from({ length: config.layers }, () => new Block(config));
  }

  /**
   * @param x [batch, tokens, width].
   * @param options.taps blocks, counted from 1, whose outputs are wanted.
   * @param options.queries rows of the last block that are wanted, unless it is tapped.
   * @returns the last block's output, and the tapped ones in the order asked for.
   */
  forward(
    x: Tensor,
    { causal, queries, taps = [] }: BlockOptions & { readonly taps?: readonly number[] } = {},
  ): { x: Tensor; taps: Tensor[] } {
    return scope(() => {
      const tapped = new Map<number, Tensor>();
      let last = x;
      for (const [i, block] of this.resblocks.entries()) {
        const at = i + 1;
        const whole = at < this.resblocks.length || taps.includes(at);
        const next = block.forward(last, { causal, queries: whole ? undefined : queries });
        if (i > 0 && !taps.includes(i)) last.dispose();
        last = next;
        if (taps.includes(at)) tapped.set(at, last);
      }
      return { x: last, taps: taps.map((at) => tapped.get(at) as Tensor) };
    });
  }

  /**
   * The causal pass of sequences that begin alike: what they share runs once, with the same result, since no token sees a later one.
   *
   * @param prefix [1, shared, width].
   * @param x what follows it, [batch, tokens, width].
   * @returns the last block's output after the prefix, [batch, tokens, width].
   */
  after(prefix: Tensor, x: Tensor): Tensor {
    const [batch] = x.shape;
    const [, shared] = prefix.shape;
    return scope(() => {
      let [first, rest] = [prefix, x];
      for (const [i, block] of this.resblocks.entries()) {
        const before = block.project(first);
        const qkv = concat([expand(before, [batch, ...before.shape.slice(1)]), block.project(rest)], 1);
        const attended = block.attn.attend(qkv, { causal: true });
        rest = block.finish(slice(attended, [null, [shared, attended.shape[1]]]), rest);
        if (i + 1 < this.resblocks.length)
          first = block.finish(
            slice(attended, [
              [0, 1],
              [0, shared],
            ]),
            first,
          );
      }
      return rest;
    });
  }
}
