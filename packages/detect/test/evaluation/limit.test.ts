import type { Category, Sample } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { limitTest } from "../../src/evaluation/limit.js";

/** A category with so many normal test images, and so many anomalous ones behind them. */
const categoryOf = (normal: number, anomalous: number): Category => {
  const labels = [...Array<0>(normal).fill(0), ...Array<1>(anomalous).fill(1)];
  const test = labels.map((label, i) => ({ id: String(i), label }) as Sample);
  return { name: "nut", className: "nut", train: [], test };
};

const counts = (category: Category, most: number) => {
  const { test } = limitTest(category, most);
  return [0, 1].map((label) => test.filter((sample) => sample.label === label).length);
};

test("a limit keeps the share of anomalous images, and one of either kind", () => {
  assert.equal(counts(categoryOf(60, 30), 9), [6, 3]);
  assert.equal(counts(categoryOf(1000, 1), 10), [9, 1]);
  assert.equal(counts(categoryOf(1, 1000), 10), [1, 9]);
  assert.equal(counts(categoryOf(0, 40), 10), [0, 10]);
  assert.equal(counts(categoryOf(40, 0), 10), [10, 0]);
  assert.equal(counts(categoryOf(3, 3), 10), [3, 3]);
});

test("images are spread over their order, which stays", () => {
  const ids = limitTest(categoryOf(10, 10), 4).test.map(({ id }) => id);
  assert.equal(ids, ["2", "7", "12", "17"]);
});

test.run();
