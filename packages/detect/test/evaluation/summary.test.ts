import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Draw, type Evaluation, spreadOf, summarize } from "../../src/index.js";

const draw = (category: string, shots: number, seed: number, auroc: number | null): Draw => ({
  ...{ category, shots, seed, prompts: [], scores: [], seconds: 0.5 + seed, skipped: [] },
  metrics: { auroc, auprc: auroc, f1Max: auroc, threshold: 0.1, pixelAuroc: null, aupro: null },
  problem: auroc === null ? "only normal test images" : null,
});

const evaluation: Evaluation = {
  ...{ dataSet: "made up", shots: [2], seeds: [0, 1, 2], settings: {}, complete: true },
  categories: [
    { name: "a", draws: [0.7, 0.8, 0.9].map((value, seed) => draw("a", 2, seed, value)) },
    { name: "b", draws: [0.5, 0.9, 0.4].map((value, seed) => draw("b", 2, seed, value)) },
    { name: "c", draws: [0.1, null, 0.1].map((value, seed) => draw("c", 2, seed, value)) },
    { name: "d", draws: [], problem: "no test images" },
    { name: "e", draws: [] },
  ].map((part) => ({ className: "", ids: [], labels: [], skipped: [], problem: null, ...part })),
};

const close = (got: number | null | undefined, want: number) =>
  assert.ok(typeof got === "number" && Math.abs(got - want) < 1e-12, `${got} is not ${want}`);

test("mean and sample deviation", () => {
  assert.is(spreadOf([]), null);
  assert.equal(spreadOf([0.25]), { mean: 0.25, deviation: null });
  assert.equal(spreadOf([1, 3]), { mean: 2, deviation: Math.SQRT2 });
});

test("a row a category, and the mean of whole categories seed by seed", () => {
  const rows = summarize(evaluation);
  assert.equal(
    rows.map(({ category }) => category),
    ["a", "b", "c", "d", "e", null],
  );
  const [a, , c, d, e, mean] = rows;
  close(a.metrics.auroc?.mean, 0.8);
  close(a.metrics.auroc?.deviation, 0.1);
  close(a.metrics.threshold?.mean, 0.1);
  close(a.seconds, 1.5);
  assert.is(a.metrics.aupro, null);
  close(c.metrics.auroc?.mean, 0.1);
  assert.is(c.problem, "only normal test images");
  assert.equal([d.problem, d.metrics.auroc, d.seconds], ["no test images", null, null]);
  assert.is(e.problem, "not done yet");
  // a and b: .6, .85, .65
  close(mean.metrics.auroc?.mean, 0.7);
  close(mean.metrics.auroc?.deviation, Math.sqrt((0.1 ** 2 + 0.15 ** 2 + 0.05 ** 2) / 2));
  assert.equal([mean.metrics.threshold, mean.problem], [null, null]);
});

test("nothing measured is said", () => {
  const { categories } = evaluation;
  const [mean] = summarize({ ...evaluation, categories: categories.slice(3) }).slice(-1);
  assert.equal([mean.metrics.auroc, mean.seconds, mean.problem], [null, null, "nothing measured"]);
});

test.run();
