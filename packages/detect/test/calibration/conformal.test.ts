import { generator } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { conformalP, falseAlarms, lineOf, partsToHalve } from "../../src/calibration/conformal.js";
import { judge, scaledScore } from "../../src/calibration/verdict.js";

const random = generator(11);
const draw = (n: number) => Array.from({ length: n }, () => random());

test("a part is flagged exactly where its p is at most alpha", () => {
  for (const alpha of [0.01, 0.05, 0.07, 0.2, 0.29, 0.5])
    for (const n of [4, 9, 19, 99, 100, 199]) {
      // Rounded, so that many are equal.
      const scores = draw(n).map((score) => Math.round(20 * score) / 20);
      const { threshold, status, rank } = lineOf(scores, alpha);
      if (status === "provisional") {
        assert.ok(n < 1 / alpha - 1 + 1e-9);
        assert.is(threshold, Math.max(...scores));
        continue;
      }
      for (let at = -1; at <= 22; at++) {
        const score = at / 20;
        // In whole numbers: m of n + 1 is at most alpha, or misses it by a rounding.
        const m = Math.round(conformalP(scores, score) * (n + 1));
        assert.is(score > threshold, m <= rank, `alpha ${alpha}, n ${n}, score ${score}`);
      }
      assert.ok(rank / (n + 1) <= alpha + 1e-12 && (rank + 1) / (n + 1) > alpha);
    }
});

test("the promise: 99 good parts at 1% give 1% on average, and 3.0% with 95% confidence", () => {
  const line = lineOf(draw(99), 0.01);
  assert.is(line.status, "calibrated");
  const { expected, most } = falseAlarms(line);
  assert.is(expected, 10);
  // 1 - 0.05^(1/99), since the largest of 99 decides.
  assert.ok(Math.abs(most / 1000 - (1 - 0.05 ** (1 / 99))) < 1e-12);
  assert.is((most / 10).toFixed(1), "3.0");
  assert.is(lineOf(draw(98), 0.01).status, "provisional");
  assert.is(lineOf(draw(4), 0.2, { hint: true }).status, "hint");
});

test("the share of false alarms is the promised one over many lines, and rarely above what is promised at most", () => {
  const [lines, alpha, n] = [4000, 0.05, 59];
  let [sum, above] = [0, 0];
  for (let i = 0; i < lines; i++) {
    const line = lineOf(draw(n), alpha);
    // Scores are uniform, so that what is above the line is its share.
    const share = 1 - line.threshold;
    sum += share;
    above += Number(1000 * share > falseAlarms(line).most);
  }
  assert.ok(Math.abs(sum / lines - 3 / 60) < 0.002, `${sum / lines}`);
  assert.ok(Math.abs(above / lines - 0.05) < 0.012, `${above / lines}`);
});

test("so many more parts halve what a line may exceed its average by", () => {
  const excess = (n: number, alpha: number) => {
    const { expected, most } = falseAlarms({ n, rank: Math.round(alpha * (n + 1)) });
    return most - expected;
  };
  for (const [n, alpha] of [
    [99, 0.01],
    [199, 0.05],
  ]) {
    const more = partsToHalve({ alpha, n, rank: Math.round(alpha * (n + 1)) });
    assert.ok(excess(n + more, alpha) <= excess(n, alpha) / 2);
    assert.ok(excess(n + more - Math.round(1 / alpha), alpha) > excess(n, alpha) / 2);
  }
});

test("a scaled score is above one half exactly where the part is flagged, and grows with the score", () => {
  const values = [-Infinity, -1e300, -1, 0, 1e-320, 0.5, 1, 1 + 2 ** -52, 3, 1e300, Infinity];
  for (const threshold of [-1, 0, 1e-320, 0.5, 1, 1e300])
    for (const spread of [1e-320, 1e-9, 1, 1e300]) {
      const scaled = values.map((score) => scaledScore(score, { threshold, spread }));
      for (const [i, score] of values.entries()) {
        assert.is(scaled[i] > 0.5, score > threshold, `${score}, ${threshold}, ${spread}: ${scaled[i]}`);
        assert.ok(scaled[i] >= 0 && scaled[i] <= 1);
        assert.ok(i === 0 || scaled[i] >= scaled[i - 1]);
      }
    }
});

test("verdicts: not good above the line, to be looked at near it, and an error without a score", () => {
  const scores = Array.from({ length: 99 }, (_, i) => i);
  const judged = (score: number) => judge(score, { line: lineOf(scores, 0.01), scores, review: 0.05 });
  assert.equal(judged(98.5).verdict, "NG");
  assert.is(judged(98.5).p_value, 0.01);
  assert.is(judged(98).verdict, "REVIEW");
  assert.is(judged(95).verdict, "REVIEW");
  assert.is(judged(94).verdict, "OK");
  assert.equal(judged(Number.NaN), { verdict: "ERROR", p_value: null, scaled_score: null });
  assert.is(judged(Number.POSITIVE_INFINITY).verdict, "ERROR");
});

test("what cannot be a line is refused", () => {
  assert.throws(() => lineOf([], 0.01), /no scores of good parts/);
  assert.throws(() => lineOf([1, Number.NaN], 0.01), /not finite/);
  assert.throws(() => lineOf([1], 1), /no share of false alarms/);
});

test.run();
