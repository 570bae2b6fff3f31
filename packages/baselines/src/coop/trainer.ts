import {
  auroc,
  DivergedError,
  type FeatureStore,
  type HoldOut,
  Sampler,
  type TextTower,
  type TrainingData,
  TrainingState,
  textScore,
} from "@inctrl/detect";
import { exp, normalize, type optim, reshape, scope, type Tensor, tensor } from "@inctrl/tensor";
import { BaselineError } from "../errors.js";
import { Context, type ContextOptions } from "./context.js";
import { type ContextPrompt, contextPrompts } from "./prompt.js";
import { contextLoss, contextOptimizer, contextRates } from "./step.js";

/** How a context is trained. */
export interface ContextTraining extends ContextOptions {
  /** Words that the vectors begin as, as many as they have tokens; random ones without. */
  readonly words?: string;
  readonly lr: number;
  readonly epochs: number;
  /** Steps an epoch. */
  readonly steps: number;
  /** Images a step, half of them anomalous. */
  readonly batch: number;
  readonly seed: number;
}

/** InCTRL's batches and steps with CoOp's own rate. */
export const CONTEXT_DEFAULTS: ContextTraining = {
  ...{ count: 16, position: "end", form: "unified" },
  ...{ lr: 2e-3, epochs: 10, steps: 100, batch: 48, seed: 0 },
};

/**
 * Trains a context on stored class features, half of each batch anomalous; each image is told apart by the two texts of its own
 * class. A step is a function of its number.
 */
export class ContextTrainer {
  readonly context: Context;
  readonly state: TrainingState;
  /** Multiplies cosines, as the text tower's own. */
  readonly scale: number;
  readonly #tower: TextTower;
  readonly #store: FeatureStore;
  readonly #data: TrainingData;
  readonly #sampler: Sampler;
  readonly #optimizer: optim.SGD;

  private constructor(
    context: Context,
    scale: number,
    tower: TextTower,
    store: FeatureStore,
    data: TrainingData,
    options: ContextTraining,
  ) {
    const { lr, epochs, steps, batch, seed } = options;
    this.context = context;
    this.scale = scale;
    this.#tower = tower;
    this.#store = store;
    this.#data = data;
    this.#sampler = new Sampler(data.items, data.categories, { batch, seed, shots: 0 });
    this.#optimizer = contextOptimizer(context, contextRates(lr, epochs, steps));
    this.state = new TrainingState({ context }, { optimizer: this.#optimizer });
  }

  /**
   * @param tower opened trainable.
   * @throws BaselineError `options` for a name or words that do not fit; TrainingError `training` where one label is missing.
   */
  static async open(
    tower: TextTower,
    store: FeatureStore,
    data: TrainingData,
    options: ContextTraining,
  ): Promise<ContextTrainer> {
    const { text } = tower;
    const { count, position, form, seed } = options;
    const context = new Context({ count, position, form }, text.text.width, seed).to(store.backbone.device);
    try {
      if (options.words !== undefined) beginWith(context, tower, options.words);
      for (const name of data.classNames)
        contextPrompts(tower.tokenizer, name, count, text.text.contextLength);
      const scale = scope(() => exp(text.logit_scale.value));
      const factor = await scale.item().finally(() => scale.dispose());
      return new ContextTrainer(context, factor, tower, store, data, options);
    } catch (error) {
      context.dispose();
      throw error;
    }
  }

  /** One step. @throws DivergedError where the loss is not finite; the context is then as before. */
  async step(): Promise<number> {
    const queries = this.#sampler.batch(this.state.steps);
    const categories = [...new Set(queries.map(({ category }) => category))].sort((a, b) => a - b);
    const images = this.#images(queries);
    const batch = {
      images,
      prompts: categories.flatMap((category) => this.#prompts(category)),
      classes: queries.map(({ category }) => categories.indexOf(category)),
      labels: queries.map(({ label }) => label),
    };
    const { value, gradients, rest } = contextLoss(this.context, this.#tower.text, batch, this.scale);
    const loss = await value.item();
    for (const each of [value, images, ...Object.values(rest)]) each.dispose();
    if (!Number.isFinite(loss)) {
      for (const gradient of gradients) gradient.dispose();
      const names = queries.map(({ image }) => this.#data.names.get(image) as string);
      throw new DivergedError(this.state.steps + 1, loss, [...new Set(names)]);
    }
    scope(() => this.#optimizer.step(gradients));
    return loss;
  }

  /** The learning rate of the step that was taken last. */
  rateOf({ lr, epochs, steps }: ContextTraining): number {
    return contextRates(lr, epochs, steps)(this.state.steps - 1);
  }

  /** AUROC of the text score over a category held out; null where it has images of one kind only. */
  async validate({ queries }: HoldOut): Promise<number | null> {
    if (queries.length === 0) return null;
    const images = this.#images(queries);
    const scores = scope(() => {
      const texts = normalize(this.context.features(this.#tower.text, this.#prompts(queries[0].category)));
      return textScore(images, texts, this.scale);
    });
    images.dispose();
    const values = await scores.data().finally(() => scores.dispose());
    return auroc(
      queries.map(({ label }) => label),
      [...values],
    );
  }

  #prompts(category: number): ContextPrompt[] {
    const { tokenizer, text } = this.#tower;
    const { count } = this.context.options;
    return contextPrompts(tokenizer, this.#data.classNames[category], count, text.text.contextLength);
  }

  #images(queries: readonly { readonly image: number }[]): Tensor {
    const { backbone } = this.#store;
    const rows = new Float32Array(queries.length * backbone.embedDim);
    for (const [i, { image }] of queries.entries())
      rows.set(this.#store.feature(image), i * backbone.embedDim);
    return tensor(backbone.device, rows, [queries.length, backbone.embedDim]);
  }

  dispose(): void {
    this.state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Gives the vectors the embeddings of words. */
function beginWith({ vectors, options }: Context, { text, tokenizer }: TextTower, words: string): void {
  const ids = tokenizer.encode(words);
  if (ids.length !== options.count) {
    throw new BaselineError(
      "options",
      `"${words.slice(0, 100)}" has ${ids.length} tokens and there are ${options.count} context vectors; give as many`,
    );
  }
  const states = options.form === "state" ? 2 : 1;
  const rows = Array.from({ length: states }, () => ids).flat();
  vectors.set(scope(() => reshape(text.token_embedding.forward(rows), vectors.shape)));
}
