import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseCategories } from "../../src/datasets/open.js";

test("categories are chosen by name and keep the data set's order", () => {
  const part = (name: string) => ({ name, className: `a ${name}`, train: [], test: [] });
  const dataSet = { name: "set", categories: ["a", "b", "c"].map(part), skipped: [] };
  const chosen = (wanted?: string[], className?: string) =>
    chooseCategories(dataSet, wanted, className).categories.map((each) => `${each.name}: ${each.className}`);
  assert.equal(chosen(), ["a: a a", "b: a b", "c: a c"]);
  assert.equal(chosen(["c", "a"]), ["a: a a", "c: a c"]);
  assert.equal(chosen(["b"], "bolt"), ["b: bolt"]);
  assert.throws(() => chosen(["a", "x"]), /there is no category "x"; choose from a, b, c/);
});

test.run();
