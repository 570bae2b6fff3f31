import { test } from "uvu";
import * as assert from "uvu/assert";
import { crossCategoryNegatives } from "../../src/training/negatives.js";
import type { TrainingItem } from "../../src/training/sampler.js";

/** Categories 3, 5 and 8 of four, two and three normal images, each with an anomalous one. */
const ITEMS: TrainingItem[] = [
  [3, [30, 31, 32, 33], 39],
  [5, [50, 51], 59],
  [8, [80, 81, 82], 89],
].flatMap(([category, normals, bad]) => [
  ...(normals as number[]).map((image): TrainingItem => ({ image, label: 0, category: category as number })),
  { image: bad as number, label: 1, category: category as number },
]);

const imagesOf = (items: readonly TrainingItem[], category: number) =>
  items.filter((item) => item.category === category).map(({ image }) => image);

test("each category takes normal images of those that follow it in turn, as anomalies", () => {
  const negatives = crossCategoryNegatives(ITEMS, 3);
  assert.ok(negatives.every(({ label }) => label === 1));
  assert.equal(imagesOf(negatives, 3), [50, 80, 51]);
  assert.equal(imagesOf(negatives, 5), [81, 31, 82]);
  assert.equal(imagesOf(negatives, 8), [32, 50, 33]);
});

test("no image is a negative of a category twice, or where it is normal", () => {
  const shared: TrainingItem[] = [...ITEMS, { image: 50, label: 0, category: 3 }];
  const negatives = crossCategoryNegatives(shared, 20);
  assert.equal(imagesOf(negatives, 3).sort(), [51, 80, 81, 82]);
  assert.equal(imagesOf(negatives, 8).sort(), [30, 31, 32, 33, 50, 51]);
});

test("none are asked for, or there is no other category", () => {
  assert.equal(crossCategoryNegatives(ITEMS, 0), []);
  assert.equal(
    crossCategoryNegatives(
      ITEMS.filter(({ category }) => category === 3),
      5,
    ),
    [],
  );
});

test.run();
