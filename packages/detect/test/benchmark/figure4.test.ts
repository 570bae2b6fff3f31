import { category, dataSet, THREE_SHOT } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { figure4Page } from "../../src/benchmark/figure4-page.js";
import {
  classCurve,
  classDraws,
  Encoder,
  evaluate,
  figure4Csv,
  figure4Tables,
  fitImages,
} from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("figure 4");

const parts = category("parts", {}, (sample) => ({
  ...sample,
  class: Number(sample.id.split("/")[2]) % 2 === 0 ? "<b>even" : "odd",
}));
const [shots, seeds] = [3, 2];
const draws = classDraws(parts, { shots, seeds });

test("each number is the share of pairs of test images that the prompts of that draw put in order", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const detector = nearestPatch(new Encoder(backbone));
  const set = dataSet(...draws.map((each) => each.category));
  const evaluation = await evaluate({ detector, dataSet: set, shots: [shots], seeds: 0 });
  const curve = classCurve(evaluation, { method: "<i>near", of: "parts", draws });
  assert.is(curve.results.length, 4);
  const found: number[] = [];
  for (const [i, { seed, classes, auroc, problem }] of curve.results.entries()) {
    assert.equal([seed, classes, problem], [draws[i].seed, draws[i].classes, null]);
    using fitted = await fitImages(detector, draws[i].category.train);
    const scores = await scoreWith(fitted, parts.test);
    let [right, pairs] = [0, 0];
    for (const [g, good] of parts.test.entries())
      for (const [b, bad] of parts.test.entries()) {
        if (good.label !== 0 || bad.label !== 1) continue;
        pairs++;
        right += scores[b].score > scores[g].score ? 1 : scores[b].score === scores[g].score ? 0.5 : 0;
      }
    assert.ok(Math.abs((auroc as number) - right / pairs) < 1e-12);
    found.push(auroc as number);
  }
  for (const [i, spread] of curve.spreads.entries()) {
    const [a, b] = found.slice(2 * i);
    assert.ok(Math.abs(spread!.mean - (a + b) / 2) < 1e-12);
    assert.ok(Math.abs(spread!.deviation! - Math.abs(a - b) / Math.SQRT2) < 1e-12);
  }
  const [head, first, ...lines] = figure4Csv([curve]).trim().split("\n");
  assert.is(head, "data_set,category,method,shots,classes,seed,names,auroc,problem");
  assert.is(first, `made up,parts,<i>near,3,1,0,${draws[0].classes[0]},${Number(found[0].toPrecision(9))},`);
  assert.is(lines.length, 3);
});

/** A curve of these means, with a deviation of 0.1. */
const curveOf = (method: string, dataSet: string, means: readonly (number | null)[]) => ({
  ...{ dataSet, category: "<b>parts", method, shots: 8, results: [] },
  spreads: means.map((mean) => (mean === null ? null : { mean, deviation: 0.1 })),
});

test("the page has a chart for each data set, with a line and bars for each method, and escapes names", () => {
  const curves = ["<i>a", "b"].flatMap((method, i) => [
    curveOf(method, "one & only", [0.5, 0.7]),
    curveOf(method, "other", [0.6, null, 0.8 + i / 10]),
  ]);
  const facts = { title: "t", backbone: "n", parameters: 1, flop: null, settings: "" };
  const methods = ["<i>a", "b"].map((method) => ({ method, ...facts }));
  const page = figure4Page({ title: "two", about: "", curves, methods });
  assert.not.match(page, /<i>|<b>/);
  assert.match(page, "one &amp; only &lt;b&gt;parts");
  assert.is(page.split('role="img"').length - 1, 2);
  // From 0.4 to 0.8 on 208 pixels, each place in the middle of 121 pixels, 1.5 aside for the first of two lines.
  assert.match(
    page,
    /<path class="line" d="M105.0 168.0L226.0 64.0"\/><path class="whisker" d="M105.0 220.0L105.0 116.0/,
  );
  assert.match(page, /class="method-1 dash-1"><title>b<\/title>/);
  for (const label of ["normal classes that prompts come from", "AUROC"])
    assert.match(page, `>${label}</text>`);
  const [, other] = figure4Tables(curves);
  assert.equal(other, {
    place: "other <b>parts",
    rows: [
      ["method", "1 class", "2 classes", "3 classes"],
      ["<i>a", "0.600 ± 0.100", "-", "0.800 ± 0.100"],
      ["b", "0.600 ± 0.100", "-", "0.900 ± 0.100"],
    ],
  });
});

test.run();
