import type { TrainingItem } from "@inctrl/detect";
import type { Stored } from "./data.js";

/** Folds of the auxiliary categories, by group. Heads trained on the others score each fold. */
export const FOLDS = 2;
/** Far negatives of each category, from as many groups where there are enough. */
const FAR = 4;

/** Negatives of a category that are strange as a whole. Training draws its own by another rule. */
export interface Negatives {
  /** Other pieces of the same family. */
  readonly near: readonly TrainingItem[];
  /** Other products. */
  readonly far: readonly TrainingItem[];
}

/** The fold of each category. */
export function foldsOf(categories: readonly Stored[]): number[] {
  const groups = [...new Set(categories.map(({ group }) => group))];
  return categories.map(({ group }) => groups.indexOf(group) % FOLDS);
}

/**
 * Negatives of each category, labelled anomalous: normal test images of the other pieces of its family (near) and of the next few
 * groups in its fold (far). Folds never mix.
 */
export function negativesOf(categories: readonly Stored[]): Negatives[] {
  const folds = foldsOf(categories);
  const normals = ({ test }: Stored) => test.filter(({ label }) => label === 0);
  return categories.map((own, i) => {
    const anomalous = (items: readonly TrainingItem[]): TrainingItem[] =>
      items.map(({ image }) => ({ image, label: 1, category: i }));
    const siblings = categories.filter((each) => each !== own && each.group === own.group);
    // One piece of each following group, starting at the category itself and wrapping around.
    const others = [...categories.keys()]
      .map((step) => (i + step) % categories.length)
      .filter((j) => folds[j] === folds[i] && categories[j].real === own.real)
      .map((j) => categories[j])
      .filter(
        (each, j, all) =>
          each.group !== own.group && all.findIndex(({ group }) => group === each.group) === j,
      )
      .slice(0, FAR);
    return {
      near: anomalous(siblings.flatMap(normals)),
      far: anomalous(others.flatMap((each) => normals(each).slice(0, FAR / others.length))),
    };
  });
}
