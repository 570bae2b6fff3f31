import { add, gather, matmul, nn, reshape, scope, slice, type Tensor, TensorError } from "@inctrl/tensor";
import type { ModelConfig, TextConfig } from "../config/types.js";
import { usedLength } from "../tokenizer/tokenizer.js";
import { Transformer } from "./block.js";

/** Logarithm of what CLIP multiplies cosines by at the end of its training. */
const TRAINED_SCALE = Math.log(100);

/**
 * CLIP's causal text transformer.
 *
 * @example
 * const features = text.forward(tokenizer.tokenize(["a photo of a cat."], 77)); // [1, embedDim]
 */
export class TextTransformer extends nn.Module {
  /** Sizes of this tower. */
  readonly text: TextConfig;
  readonly token_embedding: nn.Embedding;
  /** [contextLength, width]. */
  readonly positional_embedding: nn.Parameter;
  readonly transformer: Transformer;
  readonly ln_final: nn.LayerNorm;
  /** [width, embedDim]. */
  readonly text_projection: nn.Parameter;
  /** Logarithm of what cosines are multiplied by, []. */
  readonly logit_scale: nn.Parameter;

  constructor(text: TextConfig, { embedDim, activation }: Pick<ModelConfig, "embedDim" | "activation">) {
    super();
    const { width, vocabSize, contextLength, lnEps: eps } = text;
    this.text = text;
    this.token_embedding = new nn.Embedding(vocabSize, width);
    this.positional_embedding = new nn.Parameter([contextLength, width], { role: "embedding" });
    this.transformer = new Transformer({ ...text, activation });
    this.ln_final = new nn.LayerNorm(width, { eps });
    this.text_projection = new nn.Parameter([width, embedDim], { role: "weight", order: "in-out" });
    this.logit_scale = new nn.Parameter([], { role: "scale", initial: nn.filledWith(TRAINED_SCALE) });
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
    const { count, used, tokens, ends } = this.#rows(ids, length);
    return scope(() => {
      const embedded = this.token_embedding.forward(tokens);
      return this.fromEmbeddings(reshape(embedded, [count, used, this.text.width]), ends);
    });
  }

  /**
   * Features of texts whose tokens are embedded already, such as those with learned vectors in place of words.
   *
   * @param embedded without positions, [texts, length, width].
   * @param ends the place of each text's end token.
   * @param shared how many first tokens are the same in all texts: they run once, with the same result, since no token sees a later one.
   * @returns [texts, embedDim].
   */
  fromEmbeddings(embedded: Tensor, ends: ArrayLike<number>, shared = 0): Tensor {
    const [count, length, width] = embedded.shape;
    return scope(() => {
      const placed = add(embedded, slice(this.positional_embedding.value, [[0, length]]));
      const x =
        shared === 0
          ? this.transformer.forward(placed, { causal: true }).x
          : this.transformer.after(
              slice(placed, [
                [0, 1],
                [0, shared],
              ]),
              slice(placed, [null, [shared, length]]),
            );
      const rows = length - shared;
      const last = gather(
        reshape(x, [count * rows, width]),
        Array.from(ends, (end, text) => text * rows + end - shared),
      );
      return matmul(this.ln_final.forward(last), this.text_projection.matrix);
    });
  }

  /** The ids cut to the longest text, and the place of each text's end token in it. */
  #rows(ids: Int32Array, length: number) {
    const { contextLength, vocabSize } = this.text;
    const count = ids.length / length;
    if (!Number.isInteger(count) || length > contextLength) {
      throw new TensorError(
        "shape",
        `text: ${ids.length} ids are no rows of ${length} (context length ${contextLength})`,
      );
    }
    const bad = ids.find((id) => id < 0 || id >= vocabSize);
    if (bad !== undefined) {
      throw new TensorError(
        "argument",
        `text: token id ${bad} is outside the vocabulary of ${vocabSize}; use the model's own tokenizer`,
      );
    }
    const used = Math.max(1, usedLength(ids, length));
    const tokens = new Int32Array(count * used);
    const ends = new Int32Array(count);
    for (let row = 0; row < count; row++) {
      const values = ids.subarray(row * length, row * length + used);
      tokens.set(values, row * used);
      ends[row] = values.indexOf(Math.max(...values));
    }
    return { count, used, tokens, ends };
  }
}
