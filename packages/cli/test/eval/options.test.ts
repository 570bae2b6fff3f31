import { InvalidArgumentError } from "commander";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseCategories, readAggregate, readComponents, readShots } from "../../src/eval/options.js";

const refuses = (read: () => unknown) =>
  assert.throws(read, (error: unknown) => error instanceof InvalidArgumentError);

test("lists of K, components and the aggregate are read, and all else refused", () => {
  assert.equal(readShots("1,2, 8"), [1, 2, 8]);
  for (const text of ["", "0", "1,", "1,x", "-1", "1.5", "1e3", "9999999"]) refuses(() => readShots(text));
  assert.equal(readComponents("t, P"), ["P", "T"]);
  for (const text of ["", "P,Q", "P,P", "PI"]) refuses(() => readComponents(text));
  assert.equal(["max", "top1", "top10"].map(readAggregate), ["max", "top1", "top10"]);
  for (const text of ["", "mean", "top", "top0", "top-1", "top1.5", "topK"])
    refuses(() => readAggregate(text));
});

test("categories are chosen by name, in the data set's order, and called as asked", () => {
  const part = (name: string) => ({ name, className: `a ${name}`, train: [], test: [] });
  const dataSet = { name: "set", categories: ["a", "b", "c"].map(part), skipped: [] };
  const chosen = (wanted?: string[], className?: string) =>
    chooseCategories(dataSet, wanted, className).categories.map((each) => `${each.name}: ${each.className}`);
  assert.equal(chosen(), ["a: a a", "b: a b", "c: a c"]);
  assert.equal(chosen(["c", "a"]), ["a: a a", "c: a c"]);
  assert.equal(chosen(["b"], "bolt"), ["b: bolt"]);
  assert.throws(() => chosen(["a", "x"]), /there is no "x"; choose some of a, b, c/);
});

test.run();
