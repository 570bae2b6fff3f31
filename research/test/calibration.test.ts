import { permutation } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sidesOf, type Tried, trialsOf } from "../calibration/table.js";

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);

/** The chance that h or more of m later scores lie above the rank-th largest of n: a count of the orders that n + m scores may have. */
function chance(h: number, m: number, n: number, rank: number): number {
  let sum = 0;
  for (let k = h; k <= m; k++) sum += choose(k + rank - 1, k) * choose(m - k + n - rank, m - k);
  return sum / choose(n + m, m);
}

const training = permutation(30, 1).map((i) => i + 0.5);
const good = permutation(12, 2).map((i) => 2.5 * i + 0.1);
const tried: Tried = {
  ...{ set: "s", category: "c", labels: [...good.map(() => 0 as const), 1, 1] },
  draw: { calibration: training, scores: [...good, 100, null] },
};

test("lines of a draw flag what a plain count says, and hold by a count of orders", () => {
  const sides = sidesOf(tried);
  assert.equal(sides, { training, good, bad: [100] });
  const both = [...training, ...good];
  for (const mixed of [false, true]) {
    const pool = mixed ? both : training;
    const trials = trialsOf(tried, { n: 19, alpha: 0.1 }, { mixed });
    assert.is(trials.length, 50);
    for (const [seed, trial] of trials.entries()) {
      const order = permutation(pool.length, seed).map((i) => pool[i]);
      // One above the second largest of 19: two of twenty.
      const threshold = order.slice(0, 19).sort((a, b) => b - a)[1];
      const tested = mixed ? order.slice(19, 31) : good;
      const flagged = tested.filter((score) => score > threshold).length;
      const wanted = [12, flagged, 1, 0, chance(flagged, 12, 19, 2) >= 0.05];
      assert.equal([trial.good, trial.falseAlarms, trial.bad, trial.missed, trial.held], wanted);
    }
  }
});

test("a training side with fewer good images than the line asks for sets none", () => {
  assert.equal(trialsOf(tried, { n: 31, alpha: 0.1 }), []);
});

test.run();
