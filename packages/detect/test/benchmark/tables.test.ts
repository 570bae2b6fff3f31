import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareMethods, withoutPrompts } from "../../src/benchmark/comparison.js";
import { benchmarkPage } from "../../src/benchmark/page.js";
import { comparisonCsv, metricTables, tablesLatex, tablesMarkdown } from "../../src/benchmark/tables.js";
import { measureScores } from "../../src/evaluation/measure.js";
import type { Draw, Evaluation } from "../../src/evaluation/types.js";

const labels = [0, 0, 0, 1, 1, 1] as const;

/** An evaluation of two draws at K = 2 of two categories, with these scores in each draw. */
function evaluationOf(...scores: readonly (readonly number[])[]): Evaluation {
  const draws = (category: string) =>
    scores.map((each, seed): Draw => {
      const { metrics, problem } = measureScores(labels, each);
      return {
        category,
        shots: 2,
        seed,
        prompts: ["a"],
        metrics,
        scores: each,
        seconds: 0.5,
        skipped: [],
        problem,
      };
    });
  const categories = ["metal_nut", "50% <b>"].map((name) => ({
    ...{ name, className: name, ids: labels.map(String), labels, skipped: [], problem: null },
    draws: draws(name),
  }));
  return { dataSet: "parts", shots: [2], seeds: [0, 1], settings: {}, categories, complete: true };
}

const good = evaluationOf([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]);
const poor = evaluationOf([1, 2, 5, 4, 3, 6], [4, 5, 6, 1, 2, 3]);
const rows = compareMethods([
  { method: "good", evaluations: [good] },
  { method: "poor", evaluations: [poor] },
]);

test("the best of each category leads, and the others are told their difference to it", () => {
  assert.is(rows.length, 6);
  const [first, second] = rows.filter(({ category }) => category === null);
  assert.ok(first.best && first.toBest === null && !second.best);
  assert.ok(Math.abs(second.toBest!.difference - ((7 / 9 + 0) / 2 - 1)) < 1e-12);
  assert.ok(second.toBest!.low <= second.toBest!.difference && second.toBest!.high < 0);
});

test("tables name every category and the mean, and mark the best", () => {
  const [auroc] = metricTables(rows);
  assert.equal(auroc.columns, ["metal_nut", "50% <b>", "mean of 2 categories"]);
  const markdown = tablesMarkdown(metricTables(rows));
  assert.match(markdown, "| 2 | good | **1.000 ± 0.000** | **1.000 ± 0.000** | **1.000 ± 0.000** |");
  const latex = tablesLatex(metricTables(rows));
  assert.match(latex, "metal\\_nut & 50\\% <b>");
  assert.match(latex, "2 & good & \\textbf{1.000 $\\pm$ 0.000}");
  assert.match(latex, "\n & poor & 0.389 $\\pm$ 0.550");
});

test("one method alone is not called the best", () => {
  const alone = tablesMarkdown(metricTables(compareMethods([{ method: "good", evaluations: [good] }])));
  assert.match(alone, "| 2 | good | 1.000 ± 0.000 | 1.000 ± 0.000 | 1.000 ± 0.000 |");
});

test("the CSV has a line for each method, category and K", () => {
  const lines = comparisonCsv(rows).trim().split("\n");
  assert.is(lines.length, 7);
  assert.match(lines[1], /^parts,metal_nut,2,good,1,0,/);
});

test("several data sets have a column each, and count alike in the mean", () => {
  const [one] = poor.categories;
  const chance = { ...evaluationOf([1, 2, 3, 1, 2, 3], [1, 2, 3, 1, 2, 3]), dataSet: "others" };
  const half = { ...chance, categories: chance.categories.slice(0, 1) };
  const both = compareMethods([
    { method: "good", evaluations: [good, half] },
    { method: "poor", evaluations: [{ ...poor, categories: [one, one] }, half] },
  ]);
  const [, mean] = both.filter(({ dataSet }) => dataSet === null);
  // The categories' mean is 7/18, the other set's 1/2.
  assert.ok(Math.abs(mean.metrics.auroc!.mean - (7 / 18 + 1 / 2) / 2) < 1e-12);
  assert.ok(Math.abs(mean.toBest!.difference - (7 / 18 - 1) / 2) < 1e-12);
  const published = ({ method, dataSet }: { method: string; dataSet: string }) =>
    method === "poor" && dataSet === "others" ? { mean: 0.75, deviation: null } : null;
  const [auroc] = metricTables(both, { published });
  assert.equal(auroc.columns, ["parts", "others", "mean of 2 data sets"]);
  assert.match(tablesMarkdown([auroc]), "| 2 | poor | 0.389 ± 0.550 | **0.500 ± 0.000** (0.750) |");
  assert.equal(metricTables(both, { dataSet: "others" })[0].columns, ["metal_nut"]);
});

test("a method that needs no prompts has one draw at K = 0, and no row at others", () => {
  const alone = compareMethods([
    { method: "texts", evaluations: [withoutPrompts(poor)] },
    { method: "good", evaluations: [good] },
  ]);
  const [auroc] = metricTables(alone);
  assert.equal(
    auroc.rows.map(({ shots, method }) => [shots, method]),
    [
      [0, "texts"],
      [2, "good"],
    ],
  );
  assert.match(tablesMarkdown([auroc]), "| 0 | texts | 0.778 |");
});

test("names are no markup in the page", () => {
  const cost = { parameters: 3e6, flop: 2e9 };
  const facts = { method: "good", title: "a method", backbone: "nano", settings: "K", ...cost };
  const shown = [{ place: "50% <b>", id: "1", kind: "hole", image: "data:,", maps: ["data:,", null] }];
  const methods = [facts, { ...facts, method: "poor" }];
  const page = benchmarkPage({ title: "parts", about: "two methods", rows, methods, shown });
  assert.not.match(page, "50% <b>");
  assert.match(page, "50% &lt;b&gt;");
});

test.run();
