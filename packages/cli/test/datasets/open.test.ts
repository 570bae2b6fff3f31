import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseCategories } from "../../src/datasets/open.js";

test("categories are chosen by name and keep their order", () => {
  const part = (name: string) => ({ name, className: `a ${name}`, train: [], test: [] });
  const categories = ["a", "b", "c"].map(part);
  const chosen = (wanted?: string[], className?: string) =>
    chooseCategories(categories, wanted, () => className).map((each) => `${each.name}: ${each.className}`);
  assert.equal(chosen(), ["a: a a", "b: a b", "c: a c"]);
  assert.equal(chosen(["c", "a"]), ["a: a a", "c: a c"]);
  assert.equal(chosen(["b"], "bolt"), ["b: bolt"]);
  assert.throws(() => chosen(["a", "x"]), /there is no category "x"; choose from a, b, c/);
});

test.run();
