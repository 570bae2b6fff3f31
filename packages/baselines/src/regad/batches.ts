import { hash32 } from "@inctrl/clip";
import { permutation } from "@inctrl/datasets";
import { TrainingError } from "@inctrl/detect";
import { smallestNorm } from "./network.js";

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
 * Throws unless every batch of every epoch can be trained on. Of images so small that a norm sees one value of each, a batch needs two:
 * as in the released program, none is left out.
 *
 * @param names of the categories.
 * @param counts their images.
 * @throws TrainingError `shots` for a category with fewer than two images, `training` for a batch of one small image.
 */
export function checkBatches(
  names: readonly string[],
  counts: readonly number[],
  { batch, side }: { readonly batch: number; readonly side: number },
): void {
  const few = counts.findIndex((count) => count < 2);
  if (few >= 0)
    throw new TrainingError(
      "shots",
      `${names[few]} has ${counts[few]} normal training images, and registering takes two; leave it out`,
    );
  const lonely = (size: number) => counts.findIndex((count) => size === 1 || count % size === 1);
  const alone = lonely(batch);
  if (smallestNorm(side) > 1 || alone < 0) return;
  // No count leaves one behind the size of the largest category.
  let size = batch + 1;
  while (lonely(size) >= 0) size++;
  throw new TrainingError(
    "training",
    `${names[alone]} has ${counts[alone]} normal training images, which in batches of ${batch} leave one alone, and images of ${side} x ${side} pixels need two in a batch; take a batch of ${size}, or more than 32 pixels`,
  );
}

/**
 * The batches of an epoch: each category's images in a new order, each with K others of the category, drawn with replacement, and the
 * batches in a new order. A function of the seed and the epoch.
 *
 * @param counts images of each category, two or more.
 */
export function batchesOf(
  counts: readonly number[],
  { batch, shots, seed }: BatchOptions,
  epoch: number,
): RegistrationBatch[] {
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
