import {
  add,
  gather,
  layerNorm,
  matmul,
  reshape,
  scope,
  slice,
  type Tensor,
  TensorError,
} from "@inctrl/tensor";
import type { ModelConfig, TextConfig } from "../config/types.js";
import { usedLength } from "../tokenizer/index.js";
import { runBlock } from "./block.js";
import type { Parameters } from "./parameters.js";

/**
 * CLIP's causal text transformer on its parameters.
 *
 * @example
 * const features = text.forward(tokenizer.tokenize(["a photo of a cat."], 77)); // [1, embedDim]
 */
export class TextTransformer {
  readonly config: ModelConfig;
  readonly parameters: Parameters;

  constructor(config: ModelConfig, parameters: Parameters) {
    this.config = config;
    this.parameters = parameters;
  }

  get text(): TextConfig {
    return this.config.text as TextConfig;
  }

  /**
   * Features of texts, not normalised. Later positions cannot influence earlier ones, so the batch runs at the length of
   * its longest text with the identical result.
   *
   * @param ids rows of `length` token ids, padded with 0; each text's feature is read at its largest id (the end token).
   * @param length ids a row. Default: the context length.
   * @returns [texts, embedDim].
   * @throws TensorError `shape` or `argument` where ids do not fit.
   */
  forward(ids: Int32Array, length = this.text.contextLength): Tensor {
    const { text } = this;
    const count = ids.length / length;
    if (!Number.isInteger(count) || length > text.contextLength) {
      throw new TensorError(
        "shape",
        `text: ${ids.length} ids are no rows of ${length} (context length ${text.contextLength})`,
      );
    }
    const bad = ids.find((id) => id < 0 || id >= text.vocabSize);
    if (bad !== undefined) {
      throw new TensorError(
        "argument",
        `text: token id ${bad} is outside the vocabulary of ${text.vocabSize}; use the model's own tokenizer`,
      );
    }
    const used = Math.max(1, usedLength(ids, length));
    const tokens = new Int32Array(count * used);
    const ends = new Int32Array(count);
    for (let row = 0; row < count; row++) {
      const values = ids.subarray(row * length, row * length + used);
      tokens.set(values, row * used);
      ends[row] = row * used + values.indexOf(Math.max(...values));
    }
    const block = { heads: text.heads, lnEps: text.lnEps, activation: this.config.activation, causal: true };
    const { parameters } = this;
    return scope(() => {
      const embedded = gather(parameters.tensor("token_embedding.weight"), tokens);
      const positions = slice(parameters.tensor("positional_embedding"), [[0, used]]);
      let x = add(reshape(embedded, [count, used, text.width]), positions);
      embedded.dispose();
      for (let i = 0; i < text.layers; i++) {
        const next = runBlock(x, parameters, `transformer.resblocks.${i}`, block);
        x.dispose();
        x = next;
      }
      const last = gather(reshape(x, [count * used, text.width]), ends);
      const normed = layerNorm(last, {
        weight: parameters.tensor("ln_final.weight"),
        bias: parameters.tensor("ln_final.bias"),
        eps: text.lnEps,
      });
      return matmul(normed, parameters.matrix("text_projection"));
    });
  }
}
