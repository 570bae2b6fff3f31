import { keep, maximum, mul, packBank, scope, type Tensor } from "@inctrl/tensor";
import type { LRUCache } from "lru-cache";
import { byteCache } from "../encoder/byte-cache.js";
import type { Features } from "../encoder/features.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import { matchPatches } from "../matcher/match.js";

/**
 * Cosines of encoded images to their most similar prompt patches, for any choice of prompts. The largest cosine over several
 * prompts is the largest of each prompt's own, so each prompt is searched once, in however many draws it is: with 2, 4 and 8
 * prompts and three seeds at most 24 times instead of 42.
 */
export class DrawMatches {
  readonly #batches: readonly Features[];
  /** Of each prompt by name: its largest cosines to each batch, [views, blocks, patches]. */
  readonly #similarities: LRUCache<string, readonly Tensor[]>;

  /** @param memory bytes of cosines that are kept. */
  constructor(batches: readonly Features[], memory: number) {
    this.#batches = batches;
    this.#similarities = byteCache<string, readonly Tensor[]>(
      memory,
      (each) => each.reduce((sum, { bytes }) => sum + bytes, 0),
      (each) => {
        for (const similarity of each) similarity.dispose();
      },
    );
  }

  /** Cosines of each batch, [views, blocks, patches]; the caller disposes of them. */
  similarities(prompts: readonly EncodedPrompt[]): Tensor[] {
    let best: readonly Tensor[] = [];
    for (const prompt of prompts) {
      const own = this.#of(prompt);
      const larger = scope(() => own.map((each, i) => (best[i] ? maximum(best[i], each) : mul(each, 1))));
      for (const each of best) each.dispose();
      best = larger;
    }
    return [...best];
  }

  #of({ name, rows }: EncodedPrompt): readonly Tensor[] {
    const held = this.#similarities.get(name);
    if (held) return held;
    // Kept, since detectors ask within a scope of theirs, and later draws need them as well.
    const found = scope(() => {
      const banks = rows.map((each) => packBank(each));
      return this.#batches.map(({ taps }) => matchPatches(taps, banks).similarity);
    }).map((each) => keep(each));
    this.#similarities.set(name, found);
    return found;
  }

  [Symbol.dispose](): void {
    this.#similarities.clear();
  }
}
