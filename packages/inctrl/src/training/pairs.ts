import { byteCache, type FeatureStore, patchesOf, sharedLayout } from "@inctrl/detect";
import { concat, nearest, type PackedMatrix, packBank, scope, type Tensor, tensor } from "@inctrl/tensor";
import { patchResidual } from "../residual.js";

/** An image and those it is compared with, by their numbers in a store. */
export interface Comparison {
  readonly query: number;
  readonly prompts: readonly number[];
}

/** Pairs searched before their residuals are read back: bounds what waits for the device. */
const PAIRS_AT_ONCE = 16;

interface Pair {
  readonly key: number;
  readonly query: number;
  readonly prompt: number;
}

export interface PairOptions {
  /** Bytes of pairs remembered. Default 256 MiB, about 100,000 pairs of 3 x 225 patches. */
  memory?: number;
  /** Bytes of prompts kept ready on the device. Default 512 MiB. */
  deviceMemory?: number;
}

/**
 * Residual maps of images against prompts. The residual of K prompts is, block by block, the minimum over the prompts' own
 * residuals, so each pair of images is compared once and remembered, its residuals [blocks, patches] in float32. A pair is
 * searched on its own, so its values never depend on its company.
 *
 * Tokens come from the store as float16 (a rounding of 2^-11 a value) and are brought to length 1 again: residuals agree with
 * those of float32 tokens to about 1e-4, and with a search of the joined bank of the same tokens to 1e-6.
 */
export class PairResiduals {
  readonly store: FeatureStore;
  /** Pairs found in memory, and pairs searched. */
  hits = 0;
  misses = 0;
  /** Residuals of pairs by `keyOf`, [blocks, patches] each. */
  readonly #pairs;
  readonly #banks;

  constructor(store: FeatureStore, options: PairOptions = {}) {
    const { memory = 256 * 2 ** 20, deviceMemory = 512 * 2 ** 20 } = options;
    this.store = store;
    this.#pairs = byteCache<number, Float32Array>(memory, ({ byteLength }) => byteLength);
    this.#banks = byteCache<number, PackedMatrix>(
      deviceMemory,
      (bank) => bank.bytes,
      (bank) => bank.dispose(),
    );
  }

  /** M of each comparison, [comparisons, patches]: the mean over the blocks of the minimum over the prompts (eq. 3). */
  async maps(comparisons: readonly Comparison[]): Promise<Float32Array> {
    const found = await this.#residuals(comparisons);
    const { layouts } = this.store.recipe;
    const [blocks, patches] = [layouts.length, patchesOf(sharedLayout(layouts))];
    const maps = new Float32Array(comparisons.length * patches);
    comparisons.forEach(({ query, prompts }, i) => {
      const own = prompts.map((prompt) => found.get(keyOf(query, prompt))!);
      for (let patch = 0; patch < patches; patch++) {
        let sum = 0;
        for (let block = 0; block < blocks; block++) {
          let least = Number.POSITIVE_INFINITY;
          for (const residual of own) least = Math.min(least, residual[block * patches + patch]);
          sum += least;
        }
        maps[i * patches + patch] = sum / blocks;
      }
    });
    return maps;
  }

  /** The residuals of all pairs, held here as well: the memory may be too small for those of one batch. */
  async #residuals(comparisons: readonly Comparison[]): Promise<Map<number, Float32Array>> {
    const found = new Map<number, Float32Array>();
    const missing = new Map<number, Pair>();
    for (const { query, prompts } of comparisons) {
      for (const prompt of prompts) {
        const key = keyOf(query, prompt);
        if (found.has(key) || missing.has(key)) continue;
        const held = this.#pairs.get(key);
        if (held) found.set(key, held);
        else missing.set(key, { key, query, prompt });
      }
    }
    this.hits += found.size;
    this.misses += missing.size;
    const pairs = [...missing.values()];
    for (let at = 0; at < pairs.length; at += PAIRS_AT_ONCE) {
      const some = pairs.slice(at, at + PAIRS_AT_ONCE);
      const residuals = await this.#search(some);
      for (const [i, { key }] of some.entries()) {
        found.set(key, residuals[i]);
        this.#pairs.set(key, residuals[i]);
      }
    }
    return found;
  }

  /** Each pair's residuals. Pairs of one query follow each other, so that its tokens are uploaded once. */
  async #search(pairs: readonly Pair[]): Promise<Float32Array[]> {
    const similarities: Tensor[] = [];
    let tokens: Tensor | null = null;
    try {
      for (const [i, { query, prompt }] of pairs.entries()) {
        if (query !== pairs[i - 1]?.query) {
          tokens?.dispose();
          tokens = await this.#tokens(query);
        }
        const bank = await this.#bank(prompt);
        similarities.push(scope(() => nearest(tokens as Tensor, bank).similarity));
      }
      using joined = scope(() => patchResidual(concat(similarities)));
      const residuals = await joined.data();
      const size = residuals.length / pairs.length;
      return pairs.map((_, i) => residuals.slice(i * size, (i + 1) * size));
    } finally {
      tokens?.dispose();
      for (const similarity of similarities) similarity.dispose();
    }
  }

  /** An image's tokens on the device, [blocks, patches, width]; widened here, which adapters do slowly. */
  async #tokens(image: number): Promise<Tensor> {
    const { backbone, recipe } = this.store;
    const { layouts } = recipe;
    const layout = sharedLayout(layouts);
    const shape = [layouts.length, patchesOf(layout), layout.width];
    return tensor(backbone.device, await this.store.tokens(image), shape);
  }

  async #bank(image: number): Promise<PackedMatrix> {
    const held = this.#banks.get(image);
    if (held) return held;
    const tokens = await this.#tokens(image);
    const bank = packBank(tokens);
    tokens.dispose();
    this.#banks.set(image, bank);
    return bank;
  }

  /** Frees what is on the device. */
  dispose(): void {
    this.#banks.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Below 2^53 for any number of images that fits in memory. */
const keyOf = (query: number, prompt: number): number => query * 2 ** 26 + prompt;
