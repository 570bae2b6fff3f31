import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { auroc, averagePrecision, f1Max, scoreMetrics } from "../../src/metrics/metrics.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../..");

function close(got: number | null, want: number, what: string): void {
  assert.ok(got !== null && Math.abs(got - want) <= 1e-12, `${what}: got ${got}, want ${want}`);
}

test("AUROC and average precision are scikit-learn's, ties included", () => {
  const path = join(root, "../shared/golden/io/metrics.json");
  if (!existsSync(path)) return console.log("skipped: ../shared/golden/io/metrics.json absent");
  type Case = { labels: number[]; scores: number[]; auroc: number; auprc: number };
  const cases = JSON.parse(readFileSync(path, "utf8")) as Case[];
  assert.ok(cases.length > 0);
  for (const [i, { labels, scores, ...want }] of cases.entries()) {
    close(auroc(labels, scores), want.auroc, `auroc of case ${i}`);
    close(averagePrecision(labels, scores), want.auprc, `average precision of case ${i}`);
  }
});

test("perfect, inverted and constant scores", () => {
  close(auroc([0, 0, 1], [1, 2, 3]), 1, "perfect");
  close(auroc([1, 1, 0], [1, 2, 3]), 0, "inverted");
  close(auroc([1, 0, 1, 0, 0], [5, 5, 5, 5, 5]), 0.5, "constant");
  close(averagePrecision([1, 0, 1, 0, 0], [5, 5, 5, 5, 5]), 0.4, "constant: the share of positives");
  assert.equal(f1Max([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), { f1: 0.8, threshold: 0.35 });
  close(auroc([0, 1, 1], [Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]), 1, "infinite scores");
  close(auroc([0, 1], [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]), 0.5, "tied infinite scores");
});

test("agree with counting all pairs and all thresholds", () => {
  const item = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 6 }));
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 40 }), (items) => {
      const labels = items.map(([label]) => label);
      const scores = items.map(([, score]) => score / 7);
      const positives = scores.filter((_, i) => labels[i] === 1);
      const negatives = scores.filter((_, i) => labels[i] === 0);
      if (positives.length === 0 || negatives.length === 0) {
        assert.equal(
          [auroc(labels, scores), averagePrecision(labels, scores), f1Max(labels, scores)],
          [null, null, null],
        );
        return;
      }
      let wins = 0;
      for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
      close(auroc(labels, scores), wins / positives.length / negatives.length, "auroc");
      const f1 = scores.map((threshold) => {
        const hits = positives.filter((s) => s >= threshold).length;
        const called = scores.filter((s) => s >= threshold).length;
        return (2 * hits) / (called + positives.length);
      });
      close(f1Max(labels, scores)!.f1, Math.max(...f1), "f1Max");
    }),
  );
});

test("one class, or nothing, gives null", () => {
  for (const labels of [[], [0, 0], [1, 1]]) {
    const scores = labels.map((_, i) => i);
    assert.is(auroc(labels, scores), null);
    assert.is(averagePrecision(labels, scores), null);
    assert.is(f1Max(labels, scores), null);
  }
});

test("bad labels, NaN and unequal lengths are refused", () => {
  assert.throws(() => auroc([0, 1], [1]), /2 labels for 1 scores/);
  assert.throws(() => auroc([0, 2], [1, 2]), /label 1 is 2/);
  assert.throws(() => averagePrecision([0, 1], [1, Number.NaN]), /score 1 is NaN/);
});

/** The three metrics threshold by threshold, each counted anew. */
function plainMetrics(labels: readonly number[], scores: readonly number[]) {
  const thresholds = [...new Set(scores)].sort((a, b) => (a > b ? -1 : 1));
  const count = (label: number, threshold: number) =>
    scores.filter((score, i) => labels[i] === label && score >= threshold).length;
  const positives = labels.filter((label) => label === 1).length;
  let [twice, precision, hitsBefore, alarmsBefore] = [0, 0, 0, 0];
  let best = { f1: -1, threshold: Number.POSITIVE_INFINITY };
  for (const threshold of thresholds) {
    const [hits, alarms] = [count(1, threshold), count(0, threshold)];
    twice += (alarms - alarmsBefore) * (hits + hitsBefore);
    precision += ((hits - hitsBefore) * hits) / (hits + alarms);
    const f1 = (2 * hits) / (hits + alarms + positives);
    if (f1 > best.f1) best = { f1, threshold };
    [hitsBefore, alarmsBefore] = [hits, alarms];
  }
  return {
    auroc: twice / 2 / (positives * (labels.length - positives)),
    averagePrecision: precision / positives,
    f1Max: best,
  };
}

test("scoreMetrics has the bits of plain loops, for ties, signs, infinities and numbers that float32 cannot tell apart", () => {
  const { MAX_VALUE, MIN_VALUE, EPSILON, POSITIVE_INFINITY, NEGATIVE_INFINITY } = Number;
  const odd = [MIN_VALUE, -MIN_VALUE, MAX_VALUE, -MAX_VALUE, POSITIVE_INFINITY, NEGATIVE_INFINITY];
  const score = fc.oneof(
    fc.constantFrom(0, 1, 1 + EPSILON, 1 - EPSILON, -1, ...odd),
    fc.double({ noNaN: true }),
  );
  const item = fc.tuple(fc.integer({ min: 0, max: 1 }), score);
  fc.assert(
    fc.property(fc.array(item, { maxLength: 40 }), (items) => {
      // Both classes occur, and both zeros are one score.
      const all = [[0, 0], [1, -0], ...items];
      const labels = all.map(([label]) => label);
      const scores = all.map(([, value]) => value);
      const found = scoreMetrics(labels, scores);
      const plain = plainMetrics(labels, scores);
      assert.is(found?.auroc, plain.auroc);
      assert.is(found?.averagePrecision, plain.averagePrecision);
      assert.is(found?.f1Max.f1, plain.f1Max.f1);
      assert.ok(found?.f1Max.threshold === plain.f1Max.threshold, "threshold");
      assert.equal(found, {
        auroc: auroc(labels, scores),
        averagePrecision: averagePrecision(labels, scores),
        f1Max: f1Max(labels, scores),
      });
    }),
    { numRuns: 300 },
  );
});

test("half a million scores, against counts by score", () => {
  const size = 10007;
  const scores = Float64Array.from({ length: 5e5 }, (_, i) => ((i * 7919) % size) - 5000);
  const labels = Uint8Array.from(scores, (s, i) => (s + (i % 3000) > 1000 ? 1 : 0));
  const counts = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < scores.length; i++) counts[labels[i]][scores[i] + 5000]++;
  let [wins, below] = [0, 0];
  for (let s = 0; s < size; s++) {
    wins += counts[1][s] * (below + counts[0][s] / 2);
    below += counts[0][s];
  }
  assert.is(auroc(labels, scores), wins / (below * (scores.length - below)));
});

test.run();
