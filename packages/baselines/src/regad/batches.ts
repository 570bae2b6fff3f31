import { hash32 } from "@inctrl/clip";
import { permutation } from "@inctrl/datasets";
import { TrainingError } from "@inctrl/detect";

/** Queries of one category, by their numbers in it, and K supports of each. */
export interface RegistrationBatch {
  readonly category: number;
  readonly queries: readonly number[];
  readonly supports: readonly (readonly number[])[];
}

export interface BatchOptions {
  /** Queries a step, at most. */
  readonly batch: number;
  /** K. */
  readonly shots: number;
  readonly seed: number;
}

/** Steps of an epoch over categories of so many images. */
export const stepsOf = (counts: readonly number[], batch: number): number =>
  counts.reduce((sum, count) => sum + Math.ceil(count / batch), 0);

/**
 * The batches of an epoch: each category's images in a new order, each with K others of the category, drawn with replacement, and the
 * batches in a new order. A function of the seed and the epoch.
 *
 * @param counts images of each category.
 * @throws TrainingError `shots` for a category with fewer than two images.
 */
export function batchesOf(
  counts: readonly number[],
  { batch, shots, seed }: BatchOptions,
  epoch: number,
): RegistrationBatch[] {
  const few = counts.find((count) => count < 2);
  if (few !== undefined)
    throw new TrainingError(
      "shots",
      `a category has ${few} normal images, and registering takes two; leave it out`,
    );
  const random = (...numbers: number[]) =>
    numbers.reduce((h, n) => hash32(Math.imul(h, 31) + n), hash32(seed));
  const batches = counts.flatMap((count, category) => {
    const order = permutation(count, random(epoch, category));
    const drawn = (query: number, shot: number) => {
      const other = random(epoch, category, query, shot) % (count - 1);
      return other < query ? other : other + 1;
    };
    return Array.from({ length: Math.ceil(count / batch) }, (_, i) => {
      const queries = order.slice(i * batch, (i + 1) * batch);
      const supports = queries.map((query) => Array.from({ length: shots }, (_, shot) => drawn(query, shot)));
      return { category, queries, supports };
    });
  });
  return permutation(batches.length, random(epoch)).map((i) => batches[i]);
}
