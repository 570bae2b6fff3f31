import type { TrainingItem } from "@inctrl/inctrl";
import type { Stored } from "./data.js";

/** Parts that the auxiliary categories are cut into, by their groups: each is scored by heads trained on the others. */
export const FOLDS = 2;
/** Far strangers a category, of as many groups where there are as many. */
const FAR = 4;

/** What is strange to a category as a whole; another choice than `strangersTo` makes for training. */
export interface Strangers {
  /** Of the other piece of its family. */
  readonly near: readonly TrainingItem[];
  /** Of other products. */
  readonly far: readonly TrainingItem[];
}

/** The part that each category is in. */
export function foldsOf(categories: readonly Stored[]): number[] {
  const groups = [...new Set(categories.map(({ group }) => group))];
  return categories.map(({ group }) => groups.indexOf(group) % FOLDS);
}

/**
 * Strangers to each category, labelled anomalous, as one digit is to another: normal test images of the other pieces of its family, and of
 * the next few groups in its part. Nothing crosses from part to part.
 */
export function strangersOf(categories: readonly Stored[]): Strangers[] {
  const folds = foldsOf(categories);
  const normals = ({ test }: Stored) => test.filter(({ label }) => label === 0);
  return categories.map((own, i) => {
    const strange = (items: readonly TrainingItem[]): TrainingItem[] =>
      items.map(({ image }) => ({ image, label: 1, category: i }));
    const siblings = categories.filter((each) => each !== own && each.group === own.group);
    // From the category's own place on, around; of a family one piece.
    const others = [...categories.keys()]
      .map((step) => (i + step) % categories.length)
      .filter((j) => folds[j] === folds[i] && categories[j]!.real === own.real)
      .map((j) => categories[j]!)
      .filter(
        (each, j, all) =>
          each.group !== own.group && all.findIndex(({ group }) => group === each.group) === j,
      )
      .slice(0, FAR);
    return {
      near: strange(siblings.flatMap(normals)),
      far: strange(others.flatMap((each) => normals(each).slice(0, FAR / others.length))),
    };
  });
}
