import { generator } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { auroc, averagePrecision, precisionRecallCurve, rocCurve } from "../../src/index.js";

/** Area under straight lines. */
const area = (points: { x: number; y: number }[]): number =>
  points.slice(1).reduce((sum, { x, y }, i) => sum + ((x - points[i].x) * (y + points[i].y)) / 2, 0);

test("the curves enclose AUROC and average precision, ties and all", () => {
  for (let seed = 0; seed < 40; seed++) {
    const next = generator(seed);
    const labels = Array.from({ length: 30 }, (_, i) => (i === 0 ? 1 : i === 1 ? 0 : Number(next() < 0.4)));
    const scores = labels.map((label) => Math.round((next() + label * 0.3) * (seed % 2 ? 1000 : 5)));
    const roc = rocCurve(labels, scores);
    assert.equal(
      [roc[0], roc.at(-1)],
      [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
    );
    assert.ok(Math.abs(area(roc) - (auroc(labels, scores) as number)) < 1e-12);
    const pr = precisionRecallCurve(labels, scores);
    assert.is(pr[0].x, 0);
    assert.is(pr.at(-1)?.x, 1);
    assert.ok(Math.abs(area(pr) - (averagePrecision(labels, scores) as number)) < 1e-12);
  }
});

test("by hand", () => {
  assert.equal(rocCurve([0, 1], [0.1, 0.9]), [
    { x: 0, y: 0 },
    { x: 0, y: 1 },
    { x: 1, y: 1 },
  ]);
  assert.equal(precisionRecallCurve([0, 1], [0.1, 0.9]), [
    { x: 0, y: 1 },
    { x: 1, y: 1 },
    { x: 1, y: 0.5 },
    { x: 1, y: 0.5 },
  ]);
});

test.run();
