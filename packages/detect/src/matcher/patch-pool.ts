import { concat, nearest, type PackedMatrix, packBank, scope, type Tensor } from "@inctrl/tensor";
import type { EncodedPrompt } from "../encoder/prompts.js";
import { blocksAt } from "./rows.js";

/** An image of a pool: its patches tap by tap, view by view, variant by variant. */
export type PoolImage = Pick<EncodedPrompt, "views" | "rows">;

/** What an image's patches are from some prompts: half of 1 - cosine to the nearest patch, mean over the taps. */
export interface Residual {
  /** Mean over its patches. */
  readonly mean: number;
  /** Of the patch that is farthest. */
  readonly peak: number;
}

export interface PoolOptions {
  /** Variants that each view is there in; the first is as it is. Default 1. */
  readonly variants?: number;
  /** Views that are compared together. */
  readonly batch: number;
}

/**
 * Images that are compared with each other as prompts and images are: their patches, as they are, are searched among the patches of one
 * of them in all its variants. All taps have one grid.
 *
 * @example
 * using pool = new PatchPool(prompts, { batch: 8 });
 * const [mean] = pool.residuals(await pool.nearestTo(0)); // 0: an image is like itself
 */
export class PatchPool implements Disposable {
  /** Image i has the patches from `starts[i]` to `starts[i + 1]` of each tap. */
  readonly #starts: number[] = [0];
  /** Patches to search for, chunk by chunk and tap by tap. */
  readonly #queries: (readonly Tensor[])[] = [];
  /** Patches to search in, image by image and tap by tap. */
  readonly #banks: (readonly PackedMatrix[])[] = [];

  /** @param images on one device; they stay the caller's, and may be freed as the next one is asked for. */
  constructor(images: Iterable<PoolImage>, { variants = 1, batch }: PoolOptions) {
    let some: (readonly Tensor[])[] = [];
    let views = 0;
    const join = () => {
      if (some.length > 0)
        this.#queries.push(scope(() => some[0].map((_, tap) => concat(some.map((taps) => taps[tap])))));
      for (const each of some.flat()) each.dispose();
      [some, views] = [[], 0];
    };
    try {
      for (const image of images) {
        this.#banks.push(scope(() => image.rows.map((rows) => packBank(rows))));
        if (views + image.views > batch) join();
        const own = asTheyAre(image, variants);
        some.push(own);
        views += image.views;
        this.#starts.push(this.patches + own[0].shape[0]);
      }
      join();
    } catch (error) {
      for (const each of some.flat()) each.dispose();
      this.dispose();
      throw error;
    }
  }

  /** Images. */
  get size(): number {
    return this.#banks.length;
  }

  /** Patches of all images, of one tap. */
  get patches(): number {
    return this.#starts[this.#starts.length - 1];
  }

  /** The cosine of every patch of the pool to the most similar one of an image, [taps, patches]. */
  async nearestTo(image: number): Promise<Float32Array> {
    using found = scope(() =>
      concat(
        this.#banks[image].flatMap((bank, tap) =>
          this.#queries.map((queries) => nearest(queries[tap], bank).similarity),
        ),
      ),
    );
    return await found.data();
  }

  /** What each image is from prompts. @param cosines of its patches to the most similar one of these, [taps, patches]. */
  residuals(cosines: Float32Array): Residual[] {
    const { patches } = this;
    const taps = cosines.length / patches;
    return this.#banks.map((_, image) => {
      const [from, to] = this.rangeOf(image);
      let [sum, peak] = [0, 0];
      for (let patch = from; patch < to; patch++) {
        let cosine = 0;
        for (let tap = 0; tap < taps; tap++) cosine += cosines[tap * patches + patch];
        const residual = (1 - cosine / taps) / 2;
        sum += residual;
        if (residual > peak) peak = residual;
      }
      return { mean: sum / (to - from), peak };
    });
  }

  /** The first patch of an image, and the first of the next. */
  rangeOf(image: number): [from: number, to: number] {
    return [this.#starts[image], this.#starts[image + 1]];
  }

  dispose(): void {
    for (const each of [...this.#queries.flat(), ...this.#banks.flat()]) each.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Patches of an image's views as they are, in no other variant, [views * patches, width] of each tap. */
const asTheyAre = ({ views, rows }: PoolImage, variants: number): Tensor[] =>
  scope(() => rows.map((tap) => blocksAt(tap, views, variants, 0)));
