import { category } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { classDraws } from "../../src/index.js";

const CLASSES = ["bird", "cat", "deer"];
/** Twelve training images of three classes in turn. */
const animals = category("animal", { train: 12 }, (sample) => ({
  ...sample,
  class: CLASSES[Number(sample.id.split("/")[2]) % 3],
}));

test("prompts come from one class, from two, and from all, as evenly as can be, and those of fewer classes stay", () => {
  const draws = classDraws(animals, { shots: 4, seeds: 5 });
  assert.equal(
    draws.map(({ seed, classes }) => [classes.length, seed]),
    [1, 2, 3].flatMap((number) => [0, 1, 2, 3, 4].map((seed) => [number, seed])),
  );
  for (const { seed, classes, category: drawn } of draws) {
    assert.is(drawn.train.length, 4);
    assert.is(new Set(drawn.train).size, 4);
    assert.equal(drawn.test, animals.test);
    const counts = classes.map((name) => drawn.train.filter((sample) => sample.class === name).length);
    assert.equal(counts, { 1: [4], 2: [2, 2], 3: [2, 1, 1] }[classes.length]);
    const fewer = draws.find((each) => each.seed === seed && each.classes.length === classes.length - 1);
    if (!fewer) continue;
    assert.equal(fewer.classes, classes.slice(0, -1));
    const kept = drawn.train.filter((sample) => fewer.classes.includes(sample.class!));
    assert.ok(kept.every((sample) => fewer.category.train.includes(sample)));
  }
  const names = draws.map(({ category: { name } }) => name);
  assert.is(new Set(names).size, names.length);
  assert.is(names[6], "animal, 2 of 3 classes, seed 1");
  const first = new Set(draws.slice(0, 5).map(({ classes }) => classes[0]));
  assert.ok(first.size > 1, "seeds choose other classes");
});

test("there are no more classes than prompts, and no draws where there is one class or none is told", () => {
  const most = classDraws(animals, { shots: 2, seeds: 1 }).map(({ classes }) => classes.length);
  assert.equal(most, [1, 2]);
  assert.equal(classDraws(category("one"), { shots: 2, seeds: 1 }), []);
  const same = category("same", {}, (sample) => ({ ...sample, class: "cat" }));
  assert.equal(classDraws(same, { shots: 2, seeds: 1 }), []);
});

test("a class with too few images gives all that it has", () => {
  const rare = { ...animals, train: animals.train.filter((sample, i) => sample.class !== "cat" || i === 1) };
  const sizes = classDraws(rare, { shots: 4, seeds: 5 })
    .filter(({ classes }) => classes[0] === "cat" && classes.length === 1)
    .map(({ category: { train } }) => train.length);
  assert.ok(sizes.length > 0 && sizes.every((size) => size === 1));
});

test.run();
