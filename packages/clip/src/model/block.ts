import { nn, scope, slice, type Tensor } from "@inctrl/tensor";
import type { Activation, TowerConfig } from "../config/types.js";

/** Sizes of a tower's blocks. */
export interface BlockConfig extends Omit<TowerConfig, "layers"> {
  readonly activation: Activation;
}

export interface BlockOptions {
  /** Each token sees itself and those before it. Default false. */
  readonly causal?: boolean;
  /** Only the first that many tokens' rows are computed; all tokens stay visible to them. */
  readonly queries?: number;
}

/** c_proj(activation(c_fc(x))). */
class Mlp extends nn.Module {
  readonly c_fc: nn.Linear;
  readonly c_proj: nn.Linear;
  readonly activation: Activation;

  constructor(width: number, hidden: number, activation: Activation) {
    super();
    this.c_fc = new nn.Linear(width, hidden);
    this.c_proj = new nn.Linear(hidden, width);
    this.activation = activation;
  }

  forward(x: Tensor, { norm, residual }: Pick<nn.Fused, "norm" | "residual">): Tensor {
    return scope(() => {
      const hidden = this.c_fc.forward(x, { norm, activation: this.activation });
      return this.c_proj.forward(hidden, { residual });
    });
  }

  override freeze({ norm, ...options }: nn.FreezeOptions & { norm?: nn.LayerNorm } = {}): this {
    this.c_fc.freeze({ ...options, norm });
    return super.freeze(options);
  }
}

/** One pre-norm transformer block: y = x + attn(ln_1(x)), then y + mlp(ln_2(y)). Five dispatches on software adapters once frozen. */
export class Block extends nn.Module {
  readonly ln_1: nn.LayerNorm;
  readonly attn: nn.SelfAttention;
  readonly ln_2: nn.LayerNorm;
  readonly mlp: Mlp;

  constructor({ width, heads, mlpWidth, lnEps: eps, activation }: BlockConfig) {
    super();
    this.ln_1 = new nn.LayerNorm(width, { eps });
    this.attn = new nn.SelfAttention(width, heads);
    this.ln_2 = new nn.LayerNorm(width, { eps });
    this.mlp = new Mlp(width, mlpWidth, activation);
  }

  /**
   * @param x [batch, tokens, width].
   * @returns [batch, tokens, width], or [batch, queries, width].
   */
  forward(x: Tensor, { causal, queries }: BlockOptions = {}): Tensor {
    return scope(() => {
      const residual = queries === undefined ? x : slice(x, [null, [0, queries]]);
      const y = this.attn.forward(x, { norm: this.ln_1, residual, causal, queries });
      return this.mlp.forward(y, { norm: this.ln_2, residual: y });
    });
  }

  /** Folds both norms into the products after them and packs the matrices. */
  override freeze(options: nn.FreezeOptions = {}): this {
    this.attn.freeze({ ...options, norm: this.ln_1 });
    this.mlp.freeze({ ...options, norm: this.ln_2 });
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
}
