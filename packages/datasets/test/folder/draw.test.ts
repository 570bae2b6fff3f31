import { readFile } from "node:fs/promises";
import { shared } from "@inctrl/testing";
import { mersenne } from "pure-rand/generator/mersenne";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawPrompts, permutation, promptCandidates, type Sample, trainTestSplit } from "../../src/index.js";
import { rejects } from "../support/rejects.js";

test("the generator of the draws gives the numbers of MT19937's reference for seed 5489", () => {
  const random = mersenne(5489);
  assert.is(random.next() >>> 0, 3499211612);
  for (let i = 2; i < 10000; i++) random.next();
  assert.is(random.next() >>> 0, 4123659995, "the 10000th, as in the C++ standard");
});

test("a permutation equals numpy's", () => {
  assert.equal(permutation(20, 42), [0, 17, 15, 1, 8, 5, 11, 3, 18, 16, 13, 2, 9, 19, 4, 12, 7, 10, 14, 6]);
  assert.equal(permutation(0, 1), []);
  assert.equal(permutation(1, 1), [0]);
});

test("permutations and splits agree with numpy and scikit-learn", async () => {
  const permutations = shared("golden/io/permutation20.json");
  if (permutations) {
    const golden = JSON.parse(await readFile(permutations, "utf8")) as Record<string, number[]>;
    assert.ok(Object.keys(golden).length > 0);
    for (const [seed, order] of Object.entries(golden))
      assert.equal(permutation(20, Number(seed)), order, seed);
  }
  const splits = shared("golden/io/train-test-split-42.json");
  if (splits) {
    const golden = JSON.parse(await readFile(splits, "utf8")) as Record<
      string,
      { train: number[]; test: number[] }
    >;
    assert.ok(Object.keys(golden).length > 0);
    for (const [n, split] of Object.entries(golden)) assert.equal(trainTestSplit(Number(n)), split, n);
  }
});

test("prompts are the first by name, or drawn by the seed whatever order the names come in", () => {
  const files = ["b", "a", "B", "10", "9"];
  assert.equal(drawPrompts(files, 3), ["10", "9", "B"]);
  const drawn = drawPrompts(files, 3, 7);
  assert.equal(drawPrompts([...files].reverse(), 3, 7), drawn);
  const sorted = ["10", "9", "B", "a", "b"];
  assert.equal(
    drawn,
    permutation(5, 7)
      .slice(0, 3)
      .map((i) => sorted[i]),
  );
  assert.equal(files, ["b", "a", "B", "10", "9"], "the argument is left alone");
});

test("samples are drawn by id as names are, and only normal ones", () => {
  const train = ["b", "c", "a"].map((id): Sample => {
    return { id, label: id === "c" ? 1 : 0, kind: id === "c" ? "x" : "good", load: () => Promise.reject() };
  });
  const candidates = promptCandidates({ train });
  assert.equal(
    drawPrompts(candidates, 2).map(({ id }) => id),
    ["a", "b"],
  );
  assert.equal(
    drawPrompts(candidates, 2, 3).map(({ id }) => id),
    drawPrompts(["a", "b"], 2, 3),
  );
});

test("too few files and invalid numbers are refused", async () => {
  await rejects(() => drawPrompts(["a", "b"], 4), "too-few", /4 prompt images.*only 2/);
  for (const shots of [0, -1, 1.5, Number.NaN])
    await rejects(() => drawPrompts(["a"], shots), "bad-argument", /shots/);
  for (const seed of [-1, 2 ** 32, 0.5, Number.NaN])
    await rejects(() => permutation(3, seed), "bad-argument", /seed/);
  for (const n of [0, 1]) await rejects(() => trainTestSplit(n), "too-few", /cannot be split/);
});

test.run();
