import {
  add,
  greater,
  keep,
  maximum,
  mul,
  packBank,
  reshape,
  scope,
  slice,
  type Tensor,
  where,
} from "@inctrl/tensor";
import type { LRUCache } from "lru-cache";
import { byteCache } from "../encoder/byte-cache.js";
import type { Features } from "../encoder/features.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import { matchPatches, type PatchMatches } from "../matcher/match.js";

/** Of a batch the largest cosines, [views, blocks, patches], and in which rows of a bank of the prompts they are, where that was asked. */
export interface DrawMatch {
  readonly similarity: Tensor;
  readonly rows: Tensor<"int32"> | null;
}

/**
 * Cosines of encoded images to their most similar prompt patches, for any choice of prompts. The largest cosine over several
 * prompts is the largest of each prompt's own, so each prompt is searched once, in however many draws it is: with 2, 4 and 8
 * prompts and three seeds at most 24 times instead of 42.
 */
export class DrawMatches {
  readonly #batches: readonly Features[];
  /** Of each prompt by name: its matches with each batch. */
  readonly #found: LRUCache<string, readonly PatchMatches[]>;

  /** @param memory bytes of matches that are kept. */
  constructor(batches: readonly Features[], memory: number) {
    this.#batches = batches;
    this.#found = byteCache<string, readonly PatchMatches[]>(
      memory,
      (each) => each.reduce((sum, { similarity, rows }) => sum + similarity.bytes + rows.bytes, 0),
      free,
    );
  }

  /** Matches of each batch, with rows where `told`; the caller disposes of them. */
  of(prompts: readonly EncodedPrompt[], told: boolean): DrawMatch[] {
    let best: DrawMatch[] = [];
    let first = 0;
    for (const prompt of prompts) {
      const own = this.#of(prompt);
      const nearer = scope(() => own.map((each, i) => joined(best[i], each, told ? first : null)));
      free(best);
      best = nearer;
      first += prompt.rows[prompt.rows.length - 1].shape[0];
    }
    return best;
  }

  #of({ name, rows }: EncodedPrompt): readonly PatchMatches[] {
    const held = this.#found.get(name);
    if (held) return held;
    // Kept, since detectors ask within a scope of theirs, and later draws need them as well.
    const found = scope(() => {
      const banks = rows.map((each) => packBank(each));
      return this.#batches.map(({ taps }) => matchPatches(taps, banks));
    });
    for (const { similarity, rows } of found) [keep(similarity), keep(rows)];
    this.#found.set(name, found);
    return found;
  }

  [Symbol.dispose](): void {
    this.#found.clear();
  }
}

/** The nearer of two matches of each patch, of equal ones the first. @param first row of the second one's bank; null: rows are not told. */
function joined(best: DrawMatch | undefined, own: PatchMatches, first: number | null): DrawMatch {
  const rows = first === null ? null : add(own.rows, first);
  if (!best) return { similarity: mul(own.similarity, 1), rows };
  const similarity = maximum(best.similarity, own.similarity);
  if (!rows || !best.rows) return { similarity, rows: null };
  return { similarity, rows: where(greater(deepest(own), deepest(best)), rows, best.rows) };
}

/** Cosines in the last block, in which matches are told, [views, patches]. */
function deepest({ similarity }: DrawMatch): Tensor {
  const [views, blocks, patches] = similarity.shape;
  return reshape(slice(similarity, [null, [blocks - 1, blocks]]), [views, patches]);
}

function free(found: readonly DrawMatch[]): void {
  for (const { similarity, rows } of found) {
    similarity.dispose();
    rows?.dispose();
  }
}
