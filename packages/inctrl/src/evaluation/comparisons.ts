import type { Sample } from "@inctrl/datasets";
import { RecentlyUsed } from "@inctrl/detect";
import { add, maximum, mean, mul, nearest, packBank, scope, stack, type Tensor } from "@inctrl/tensor";
import type { EncodedPrompt, Features } from "./features.js";

/**
 * Residual maps of encoded images against any choice of prompts. The nearest patch of several prompts is the nearest of each one's
 * nearest, so that every prompt is searched once, in however many draws it is: with 2, 4 and 8 prompts and three seeds 24
 * at most instead of 42, and 8 where there are no more.
 */
export class Comparisons {
  readonly #images: readonly Features[];
  readonly #get: (prompt: Sample) => EncodedPrompt;
  /** Of each prompt and each batch of images the largest cosines, [blocks, batch, patches]. */
  readonly #similarities: RecentlyUsed<string, readonly Tensor[]>;

  /** @param memory bytes of cosines that are kept. */
  constructor(images: readonly Features[], get: (prompt: Sample) => EncodedPrompt, memory: number) {
    this.#images = images;
    this.#get = get;
    this.#similarities = new RecentlyUsed(
      memory,
      (batches) => batches.reduce((sum, { bytes }) => sum + bytes, 0),
      (batches) => {
        for (const each of batches) each.dispose();
      },
    );
  }

  /** M of each batch of images, [batch, patches] (paper, eq. 3), to be disposed by whoever asks. */
  maps(prompts: readonly Sample[]): Tensor[] {
    let best: readonly Tensor[] | null = null;
    for (const prompt of prompts) {
      const own = this.#of(prompt);
      const joined: readonly Tensor[] = scope(() =>
        own.map((each, i) => (best ? maximum(best[i], each) : mul(each, 1))),
      );
      for (const each of best ?? []) each.dispose();
      best = joined;
    }
    const maps = scope(() => best!.map((each) => mean(add(mul(each, -0.5), 0.5), 0)));
    for (const each of best!) each.dispose();
    return maps;
  }

  #of(prompt: Sample): readonly Tensor[] {
    const held = this.#similarities.get(prompt.id);
    if (held) return held;
    const { rows } = this.#get(prompt);
    const found = scope(() => {
      const banks = rows.map((each) => packBank(each));
      return this.#images.map(({ taps }) =>
        stack(
          taps.map((tap, block) => nearest(tap, banks[block]).similarity),
          0,
        ),
      );
    });
    this.#similarities.set(prompt.id, found);
    return found;
  }

  dispose(): void {
    this.#similarities.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
