import type { TrainingItem } from "./sampler.js";

/**
 * Normal images of other categories, as anomalies: what is strange as a whole, as one digit is to another, where defects are strange in
 * a place. Each category takes one image of each of those that follow it, around and around.
 *
 * @param count how many a category takes.
 * @example
 * const all = [...items, ...crossCategoryNegatives(items, 8)];
 */
export function crossCategoryNegatives(items: readonly TrainingItem[], count: number): TrainingItem[] {
  const categories = [...new Set(items.map(({ category }) => category))];
  const normals = categories.map((own) => [
    ...new Set(
      items.filter(({ category, label }) => category === own && label === 0).map(({ image }) => image),
    ),
  ]);
  return categories.flatMap((category, i) => {
    const others = [...normals.slice(i + 1), ...normals.slice(0, i)].filter(({ length }) => length > 0);
    const chosen = Array.from({ length: others.length === 0 ? 0 : count }, (_, n) => {
      const other = others[n % others.length];
      // Not the same image for all that it follows.
      return other[(i + Math.floor(n / others.length)) % other.length];
    });
    return [...new Set(chosen)]
      .filter((image) => !normals[i].includes(image))
      .map((image) => ({ image, label: 1, category }));
  });
}
