import { generator } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { pairedBootstrap } from "../../src/metrics/bootstrap.js";
import { auroc } from "../../src/metrics/metrics.js";

const random = generator(7);
const labels = Array.from({ length: 80 }, (_, i) => Number(i % 4 === 0));
/** Scores that tell the classes apart by so many deviations of uniform noise; rounded, so that some are equal. */
const scores = (apart: number) => labels.map((label) => Math.round(20 * (label * apart + random())) / 20);

test("the difference is that of the means over draws and categories, and the interval holds it", () => {
  const [a, b, c, d] = [scores(0.9), scores(0.5), scores(0.8), scores(0.4)];
  const draws = [
    [a, b],
    [c, d],
  ] as const;
  const categories = [
    { labels, draws },
    { labels, draws: [[c, b]] as const },
  ];
  const { difference, low, high } = pairedBootstrap([categories]);
  const area = (values: number[]) => auroc(labels, values) as number;
  const want = ((area(a) - area(b) + area(c) - area(d)) / 2 + (area(c) - area(b))) / 2;
  assert.ok(Math.abs(difference - want) < 1e-12);
  assert.ok(low < difference && difference < high && high - low < 0.4);
  // A data set counts once, however many categories it has.
  const both = pairedBootstrap([categories, [{ labels, draws: [[d, b]] }]]);
  assert.ok(Math.abs(both.difference - (want + area(d) - area(b)) / 2) < 1e-12);
});

test("a method does not differ from itself, and a seed gives the same interval", () => {
  const one = scores(0.5);
  assert.equal(pairedBootstrap([[{ labels, draws: [[one, one]] }]]), { difference: 0, low: 0, high: 0 });
  const options = { resamples: 50, seed: 3 };
  const pair = [[{ labels, draws: [[one, scores(0.3)]] }]] as const;
  assert.equal(pairedBootstrap(pair, options), pairedBootstrap(pair, options));
});

test("the interval holds the true difference about as often as it says", () => {
  // Both methods see the same signal in other noise, so that they differ by 0 in truth.
  const misses = Array.from({ length: 60 }, () =>
    pairedBootstrap([[{ labels, draws: [[scores(0.5), scores(0.5)]] }]], { resamples: 200 }),
  ).filter(({ low, high }) => low > 0 || high < 0);
  assert.ok(misses.length <= 9, `${misses.length} of 60 intervals miss`);
});

test("a category of one class is refused", () => {
  const pair = [
    [1, 2],
    [1, 2],
  ] as const;
  assert.throws(() => pairedBootstrap([[{ labels: [1, 1], draws: [pair] }]]), /one class/);
});

test.run();
