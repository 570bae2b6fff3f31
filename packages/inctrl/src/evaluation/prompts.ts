import { type Category, drawPrompts, promptCandidates, type Sample, type Skipped } from "@inctrl/datasets";
import type { Backbone, FeatureStore } from "@inctrl/detect";
import { type EncodedPrompt, type EncodeOptions, encodePrompt, viewsOf } from "./features.js";
import { storedPrompt } from "./stored.js";

interface PoolOptions extends EncodeOptions {
  readonly features?: FeatureStore;
}

/** Prompts of a draw, and those that the next of the draw stand in for. */
export interface ChosenPrompts {
  readonly prompts: readonly Sample[];
  readonly skipped: readonly Skipped[];
}

/** The prompts of a category, each encoded once for all draws that it is in. */
export class PromptPool {
  readonly #candidates: readonly Sample[];
  readonly #backbone: Backbone;
  readonly #options: PoolOptions;
  readonly #encoded = new Map<string, EncodedPrompt | Skipped>();

  constructor(category: Category, backbone: Backbone, options: PoolOptions) {
    this.#candidates = promptCandidates(category);
    this.#backbone = backbone;
    this.#options = options;
  }

  /**
   * The first `shots` images of the seed's random order (without a seed, of the order by name) that can be read;
   * fewer when there are no more.
   */
  async choose(shots: number, seed: number | null): Promise<ChosenPrompts> {
    const all = this.#candidates;
    const order = all.length > 0 ? drawPrompts(all, all.length, seed ?? undefined) : [];
    // Together, since a store encodes in full batches; what cannot be read is told below.
    const { turns } = this.#backbone;
    await this.#options.features?.add(order.slice(0, shots), { turns, onSkip: () => {} });
    const prompts: Sample[] = [];
    const skipped: Skipped[] = [];
    for (const sample of order) {
      if (prompts.length === shots || this.#options.signal?.aborted) break;
      const encoded = await this.#encode(sample);
      if ("rows" in encoded) prompts.push(sample);
      else skipped.push(encoded);
    }
    return { prompts, skipped };
  }

  async #encode(sample: Sample): Promise<EncodedPrompt | Skipped> {
    const known = this.#encoded.get(sample.id);
    if (known) return known;
    const { fit, batch, features, onSkipped } = this.#options;
    const encode = async () =>
      features
        ? storedPrompt(features, sample)
        : encodePrompt(this.#backbone, await viewsOf(sample, this.#backbone, fit), batch);
    const made = await encode().catch((error: Error): Skipped => {
      onSkipped(sample, error);
      return { id: sample.id, reason: error.message };
    });
    this.#encoded.set(sample.id, made);
    await this.#backbone.device.sync();
    return made;
  }

  /** A chosen prompt. */
  get({ id }: Sample): EncodedPrompt {
    return this.#encoded.get(id) as EncodedPrompt;
  }

  dispose(): void {
    for (const prompt of this.#encoded.values()) {
      if ("rows" in prompt) for (const held of [prompt.features, ...prompt.rows]) held.dispose();
    }
    this.#encoded.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
