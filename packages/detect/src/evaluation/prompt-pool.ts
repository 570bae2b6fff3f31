import {
  type Category,
  drawPrompts,
  promptCandidates,
  type Sample,
  type Skipped,
  skippedBy,
} from "@inctrl/datasets";
import { type Detector, variantsOf } from "../detector.js";
import type { Encoder } from "../encoder/encoder.js";
import { type EncodedPrompt, encodePrompts } from "../encoder/prompts.js";
import type { Augmentation } from "../images/augmentation.js";

interface PoolOptions {
  /** Told of a prompt that cannot be read. */
  readonly onSkipped: (sample: Sample, error: Error) => void;
  readonly signal?: AbortSignal;
}

/** Prompts of a draw, and those that could not be read, which the next in the draw's order stand in for. */
export interface ChosenPrompts {
  readonly prompts: readonly EncodedPrompt[];
  readonly skipped: readonly Skipped[];
}

/** The prompts of a category, each encoded once for all draws that it is in. */
export class PromptPool {
  readonly #candidates: readonly Sample[];
  readonly #encoder: Encoder;
  readonly #augmentation: Augmentation;
  readonly #options: PoolOptions;
  readonly #encoded = new Map<string, EncodedPrompt | Skipped>();

  /** @param encoder the root of those that detectors have. @param augmentation variants of the prompts. */
  constructor(category: Category, encoder: Encoder, augmentation: Augmentation, options: PoolOptions) {
    this.#candidates = promptCandidates(category);
    this.#encoder = encoder;
    this.#augmentation = augmentation;
    this.#options = options;
  }

  /**
   * The first `shots` images that can be read, in the seed's random order; without a seed, in the order by name. There are fewer
   * where the category has no more.
   */
  async choose(shots: number, seed: number | null): Promise<ChosenPrompts> {
    const all = this.#candidates;
    const order = all.length > 0 ? drawPrompts(all, all.length, seed ?? undefined) : [];
    const prompts: EncodedPrompt[] = [];
    const skipped: Skipped[] = [];
    let at = 0;
    while (prompts.length < shots && at < order.length && !this.#options.signal?.aborted) {
      const some = order.slice(at, at + shots - prompts.length);
      await this.#encode(some);
      for (const { id } of some) {
        const encoded = this.#encoded.get(id);
        if (!encoded) break;
        if ("rows" in encoded) prompts.push(encoded);
        else skipped.push(encoded);
      }
      at += some.length;
    }
    return { prompts, skipped };
  }

  /** Encodes those of some samples that have not been encoded. */
  async #encode(samples: readonly Sample[]): Promise<void> {
    const { onSkipped, signal } = this.#options;
    const missing = samples.filter(({ id }) => !this.#encoded.has(id));
    const encoded = await encodePrompts(this.#encoder, missing, {
      augmentation: this.#augmentation,
      signal,
      onSkipped: (item, error) => {
        this.#encoded.set(item.id, skippedBy(item.id, error));
        onSkipped(missing.find(({ id }) => id === item.id) as Sample, error);
      },
    });
    for (const prompt of encoded) this.#encoded.set(prompt.name, prompt);
  }

  [Symbol.dispose](): void {
    for (const prompt of this.#encoded.values()) if ("rows" in prompt) prompt.dispose();
  }
}

/** Equal for detectors that want prompts in the same variants. */
export function variantsKey(detector: Detector): string {
  const { name, count } = variantsOf(detector);
  return `${name} ${count}`;
}

/** A pool for each kind of variants that detectors want. */
export class PromptPools {
  readonly #pools = new Map<string, PromptPool>();
  readonly #make: (augmentation: Augmentation) => PromptPool;

  /** @param encoder the root of the detectors' encoders. */
  constructor(category: Category, encoder: Encoder, options: PoolOptions) {
    this.#make = (augmentation) => new PromptPool(category, encoder, augmentation, options);
  }

  of(detector: Detector): PromptPool {
    const key = variantsKey(detector);
    const pool = this.#pools.get(key) ?? this.#make(variantsOf(detector));
    this.#pools.set(key, pool);
    return pool;
  }

  [Symbol.dispose](): void {
    for (const pool of this.#pools.values()) pool[Symbol.dispose]();
  }
}
