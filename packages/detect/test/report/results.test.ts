import { test } from "uvu";
import * as assert from "uvu/assert";
import { summarize } from "../../src/evaluation/summary.js";
import { reportPage } from "../../src/report/page.js";
import { resultsCsv, resultsJson, resultsMarkdown } from "../../src/report/results.js";
import { spreadText, tableRows } from "../../src/report/table.js";
import { evaluationOf, factsOf, HOSTILE, withLine } from "./support.js";

test("the table has a row for each category, problems in words, and the mean of the others", () => {
  assert.equal(tableRows(summarize(evaluationOf())), [
    ["category", "K", "AUROC", "AUPRC", "F1-max", "threshold", "s/image"],
    ["screw", "2", "0.6250 ± 0.1768", "0.5000 ± 0.0000", "0.7500 ± 0.0000", "0.3000 ± 0.0000", "0.25"],
    ["odd", "2", "only normal test images"],
    ["mean of 1 category", "2", "0.6250 ± 0.1768", "0.5000 ± 0.0000", "0.7500 ± 0.0000", "-", "0.25"],
  ]);
  assert.equal([spreadText(null), spreadText({ mean: 0.5, deviation: null })], ["-", "0.5000"]);
});

test("JSON holds the facts, the prompts by name, the draws and their deviations", () => {
  const left = { skipped: [{ id: "a.png", reason: "cut" }], notes: ["2 images are not used"] };
  const document = JSON.parse(resultsJson(evaluationOf(), factsOf(), left));
  assert.equal([document.left_out, document.notes], [left.skipped, left.notes]);
  assert.equal([document.backbone, document.fingerprint, document.alpha], ["deit", "f".repeat(64), 1]);
  assert.equal([document.components, document.blocks, document.preprocessing], [["P"], [7, 9], { size: 64 }]);
  const [screw, odd] = document.categories;
  assert.equal([screw.normal, screw.anomalous, screw.skipped.length], [3, 3, 1]);
  assert.equal(screw.draws[1], {
    ...{
      shots: 2,
      seed: 1,
      auroc: 0.75,
      auprc: 0.5,
      f1_max: 0.75,
      threshold: 0.3,
      pixel_auroc: null,
      aupro: null,
    },
    ...{ seconds_per_image: 0.25, problem: null, prompts: ["screw/a", "screw/b"] },
  });
  assert.equal(screw.summary[0].auroc, { mean: 0.625, deviation: 0.176776695 });
  assert.equal([odd.problem, odd.draws], ["only normal test images", []]);
  assert.is(document.mean[0].auroc.mean, 0.625);
});

test("a detector without InCTRL's settings has results without them", () => {
  const { settings, ...rest } = evaluationOf();
  const { components: _c, aggregate: _a, alpha: _w, ...own } = settings;
  const evaluation = { ...rest, settings: own };
  const document = JSON.parse(resultsJson(evaluation, factsOf()));
  for (const name of ["components", "aggregate", "alpha"]) assert.not(name in document, name);
  assert.not.match(resultsMarkdown(evaluation, factsOf()), "Score:");
});

test("CSV has a line for each draw, and a line with the problem of a category without numbers", () => {
  assert.equal(resultsCsv(evaluationOf()).split("\n"), [
    "category,shots,seed,auroc,auprc,f1_max,threshold,pixel_auroc,aupro,seconds_per_image,problem,window",
    "screw,2,0,0.5,0.5,0.75,0.3,,,0.25,,",
    "screw,2,1,0.75,0.5,0.75,0.3,,,0.25,,",
    "odd,,,,,,,,,,only normal test images,",
    "",
  ]);
});

test("hostile names stay names in every format", () => {
  const evaluation = evaluationOf(HOSTILE);
  assert.is(JSON.parse(resultsJson(evaluation, factsOf(HOSTILE))).categories[0].name, HOSTILE);
  const quoted = `"${HOSTILE.replaceAll('"', '""')}"`;
  assert.is(resultsCsv(evaluation).split(quoted).length, 3);
  const markdown = resultsMarkdown(evaluation, factsOf(HOSTILE));
  assert.not.match(markdown, /(?<!\\)<|\r/);
  for (const line of markdown.split("\n").filter((each) => each.startsWith("|"))) {
    assert.is(line.replaceAll("\\|", "").split("|").length, 9, line);
  }
});

test("what a line does stands in every form of the results, and only where it was asked for", () => {
  const evaluation = withLine(evaluationOf());
  const [{ draws }] = JSON.parse(resultsJson(evaluation, factsOf())).categories;
  assert.equal(draws[0].line, {
    ...{ status: "calibrated", alpha: 0.25, n: 3, threshold: 0.2 },
    ...{ good: 3, false_alarms: 2, bad: 2, missed: 0, held: true },
  });
  assert.equal([draws[1].line.status, draws[1].line.n], ["provisional", 2]);
  const [head, first, , odd] = resultsCsv(evaluation).split("\n");
  assert.match(
    head,
    /,window,line_n,line_threshold,line_good,line_false_alarms,line_bad,line_missed,line_held$/,
  );
  assert.match(first, /,,3,0\.2,3,2,2,0,true$/);
  assert.match(odd, /only normal test images,,,,,,,,$/);
  const row = "| screw | 2 | 2 | 29.2% | 50.0% | 25.0% | 2 of 2 |\n";
  assert.match(resultsMarkdown(evaluation, factsOf()), row);
  assert.match(
    reportPage(evaluation, factsOf(), []),
    "<td>29.2%</td><td>50.0%</td><td>25.0%</td><td>2 of 2</td>",
  );
  assert.not.match(resultsMarkdown(evaluationOf(), factsOf()), "promised");
  assert.not.match(reportPage(evaluationOf(), factsOf(), []), "At the line");
});

test.run();
