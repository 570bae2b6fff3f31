import {
  layerNorm,
  type MatmulOptions,
  matmul,
  scope,
  selfAttention,
  slice,
  type Tensor,
} from "@inctrl/tensor";
import type { Activation } from "../config/types.js";
import type { Parameters } from "./parameters.js";

export interface BlockConfig {
  heads: number;
  lnEps: number;
  activation: Activation;
  causal: boolean;
}

/**
 * One pre-norm transformer block: x + attn(ln_1 x), then that plus c_proj(act(c_fc(ln_2 of it))).
 *
 * @param x [batch, tokens, width].
 * @param queries compute only the first that many tokens' rows; all tokens stay visible to them.
 * @returns [batch, tokens, width], or [batch, queries, width].
 */
export function runBlock(
  x: Tensor,
  parameters: Parameters,
  prefix: string,
  { heads, lnEps, activation, causal }: BlockConfig,
  queries?: number,
): Tensor {
  return scope(() => {
    const norm = (input: Tensor, name: string) =>
      layerNorm(input, {
        weight: parameters.tensor(`${prefix}.${name}.weight`),
        bias: parameters.tensor(`${prefix}.${name}.bias`),
        eps: lnEps,
      });
    type More = Pick<MatmulOptions, "residual" | "activation" | "layerNorm">;
    const linear = (input: Tensor, name: string, more: More = {}) =>
      matmul(input, parameters.matrix(`${prefix}.${name}weight`), {
        transposeB: true,
        bias: parameters.tensor(`${prefix}.${name}bias`),
        ...more,
      });
    // Packed weights have the layer norm before them folded in.
    const normed = (input: Tensor, before: string, name: string, more: More = {}) =>
      parameters.isFolded(`${prefix}.${name}weight`)
        ? linear(input, name, { layerNorm: { eps: lnEps }, ...more })
        : linear(norm(input, before), name, more);
    const qkv = normed(x, "ln_1", "attn.in_proj_");
    const attended = selfAttention(qkv, heads, { causal, queries });
    const kept = queries === undefined ? x : slice(x, [null, [0, queries]]);
    const middle = linear(attended, "attn.out_proj.", { residual: kept });
    const hidden = normed(middle, "ln_2", "mlp.c_fc.", { activation });
    return linear(hidden, "mlp.c_proj.", { residual: middle });
  });
}
