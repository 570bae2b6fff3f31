import type { TextTransformer } from "@inctrl/clip";
import {
  concat,
  gather,
  mul,
  nn,
  normal,
  normalize,
  reshape,
  scope,
  sum,
  type Tensor,
  unsqueeze,
} from "@inctrl/tensor";
import { type ContextPrompt, contextOrder, type NamePosition } from "./prompt.js";

/** Spread of the first context vectors. */
const SPREAD = 0.02;

export interface ContextOptions {
  /** Context vectors. */
  readonly count: number;
  readonly position: NamePosition;
  /** One context for all texts, or one for normal and one for anomalous texts. */
  readonly form: "unified" | "state";
}

/**
 * CoOp's learned words (Zhou et al. 2022): vectors that stand in a text before, around or after a class name. They are all that is
 * trained; the text tower is frozen.
 *
 * @example
 * const context = new Context({ count: 16, position: "end", form: "unified" }, text.text.width, 7).to(device);
 * const features = context.features(text, contextPrompts(tokenizer, "bottle", 16, 77)); // [2, embedDim]
 */
export class Context extends nn.Module {
  readonly options: ContextOptions;
  /** [count, width], or [2, count, width] with one context a state. */
  readonly vectors: nn.Parameter;

  constructor(options: ContextOptions, width: number, seed = 0) {
    super();
    const { count, form } = options;
    this.options = options;
    this.vectors = new nn.Parameter(form === "state" ? [2, count, width] : [count, width], {
      role: "embedding",
      initial: (device, shape) => mul(normal(device, shape, { seed }), SPREAD),
    });
  }

  /** Features of texts, not normalised, [texts, embedDim]; gradients reach the context where the tower is not frozen. */
  features(text: TextTransformer, prompts: readonly ContextPrompt[]): Tensor {
    const { count, position, form } = this.options;
    const { width } = text.text;
    const length = Math.max(...prompts.map(({ ids }) => ids.length));
    const padded = prompts.flatMap(({ ids }) => [...ids, ...new Array<number>(length - ids.length).fill(0)]);
    return scope(() => {
      const context = reshape(this.vectors.value, [-1, width]);
      const table = concat([context, text.token_embedding.forward(padded)], 0);
      const places = prompts.flatMap((prompt, i) =>
        contextOrder(prompt, count, position, length).map((at) => {
          if (at >= 0) return context.shape[0] + i * length + at;
          return (form === "state" ? prompt.state * count : 0) - 1 - at;
        }),
      );
      const embedded = reshape(gather(table, places), [prompts.length, length, width]);
      const ends = prompts.map(({ ids }) => ids.length - 1);
      // Start and context come first and are the same in all texts.
      return text.fromEmbeddings(embedded, ends, position === "end" && form === "unified" ? 1 + count : 0);
    });
  }
}

/**
 * Logits of images for the two texts of their own class.
 *
 * @param images class features, [images, d].
 * @param texts features of (normal, anomalous) of class 0, of class 1 and so on, [2 classes, d].
 * @param classes the class of each image.
 * @param scale multiplies cosines.
 * @returns [images, 2].
 */
export function contextLogits(
  images: Tensor,
  texts: Tensor,
  classes: readonly number[],
  scale: number,
): Tensor {
  return scope(() => {
    const pairs = gather(reshape(normalize(texts), [-1, 2, texts.shape[1]]), classes);
    return mul(sum(mul(unsqueeze(normalize(images), 1), pairs), -1), scale);
  });
}
