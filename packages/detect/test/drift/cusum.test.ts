import { generator } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { addPart, alarmChance, type Chart, chartFor } from "../../src/drift/cusum.js";

/** The chance of an alarm by trying all sequences of parts. */
function tried(chart: Chart, share: number, parts: number): number {
  let chance = 0;
  for (let bits = 0; bits < 1 << parts; bits++) {
    let [sum, weight, alarmed] = [0, 1, false];
    for (let part = 0; part < parts; part++) {
      const hit = (bits & (1 << part)) !== 0;
      weight *= hit ? share : 1 - share;
      sum = addPart(chart, sum, hit);
      alarmed ||= sum >= chart.limit;
    }
    if (alarmed) chance += weight;
  }
  return chance;
}

test("the chance of an alarm is that of all sequences", () => {
  for (const chart of [
    { hit: 83, miss: -17, limit: 160 },
    { hit: -93, miss: 7, limit: 50 },
    { hit: 50, miss: -50, limit: 1 },
  ]) {
    for (const share of [0.1, 0.4]) {
      const [got, want] = [alarmChance(chart, share, 12), tried(chart, share, 12)];
      assert.ok(Math.abs(got - want) < 1e-12, `${JSON.stringify(chart)}: ${got}, tried ${want}`);
    }
  }
});

test("the limit is the smallest that keeps the promise", () => {
  const asked = { share: 0.1, parts: 10_000, chance: 0.01 };
  for (const odds of [3, 1 / 3]) {
    const chart = chartFor({ ...asked, odds });
    assert.ok(alarmChance(chart, 0.1, 10_000) <= 0.01);
    assert.ok(alarmChance({ ...chart, limit: chart.limit - 1 }, 0.1, 10_000) > 0.01);
  }
});

test("a chart for more hits adds its reference: p to odds of three times is 0.1 to 0.25", () => {
  // ln(0.9 / 0.75) / ln 3 = 0.166, a sixth: a hit adds five sixths.
  const { hit, miss } = chartFor({ share: 0.1, odds: 3, parts: 100, chance: 0.01 });
  assert.equal([hit, miss], [5, -1]);
  // A share of 0.9 falls to 0.75: misses are then what hits were.
  const falling = chartFor({ share: 0.9, odds: 1 / 3, parts: 100, chance: 0.01 });
  assert.equal([falling.hit, falling.miss], [-1, 5]);
});

test("two thousand parts are as simulated", () => {
  const chart = { hit: 83, miss: -17, limit: 500 };
  const next = generator(1);
  let alarms = 0;
  for (let line = 0; line < 1000; line++) {
    let sum = 0;
    for (let part = 0; part < 2000 && sum < chart.limit; part++) sum = addPart(chart, sum, next() < 0.1);
    alarms += Number(sum >= chart.limit);
  }
  const want = alarmChance(chart, 0.1, 2000);
  // Four standard errors of a thousand lines.
  const error = 4 * Math.sqrt((want * (1 - want)) / 1000);
  assert.ok(
    want > 0.2 && want < 0.8 && Math.abs(alarms / 1000 - want) < error,
    `${alarms} of 1000, want ${want}`,
  );
});

test("a sum ends at twice its limit", () => {
  assert.is(addPart({ hit: 83, miss: -17, limit: 100 }, 190, true), 200);
  assert.is(addPart({ hit: 83, miss: -17, limit: 100 }, 5, false), 0);
});

test.run();
