import { test } from "uvu";
import * as assert from "uvu/assert";
import { betaBinomialTail, betaQuantile, clopperPearson } from "../../src/calibration/beta.js";

const near = (got: number, want: number, tolerance: number) =>
  assert.ok(Math.abs(got - want) <= tolerance, `${got} is not ${want}`);

test("quantiles of distributions that have a closed form", () => {
  for (const share of [0.025, 0.05, 0.5, 0.95, 0.975])
    for (const n of [1, 2, 9, 99, 10_000]) {
      near(betaQuantile(share, 1, n), -Math.expm1(Math.log1p(-share) / n), 1e-15);
      near(betaQuantile(share, n, 1), share ** (1 / n), 1e-14);
    }
  for (const n of [2, 30, 1000]) near(betaQuantile(0.5, n, n), 0.5, 1e-13);
});

test("the share below a quantile, against Simpson's rule over the density", () => {
  for (const [share, a, b] of [
    [0.95, 2, 198],
    [0.05, 7, 3],
    [0.975, 20, 400],
  ]) {
    const at = betaQuantile(share, a, b);
    const density = (x: number) =>
      x <= 0 || x >= 1 ? 0 : Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x));
    const integral = (from: number, to: number, steps = 20_000) => {
      const width = (to - from) / steps;
      let sum = density(from) + density(to);
      for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density(from + i * width);
      return (sum * width) / 3;
    };
    const below = integral(0, at);
    near(below / (below + integral(at, 1)), share, 1e-9);
  }
});

test("intervals of Clopper and Pearson", () => {
  // Table values of 9 and 10 of 10 (95%).
  const { share, low, high } = clopperPearson(9, 10);
  assert.is(share, 0.9);
  near(low, 0.55498, 1e-5);
  near(high, 0.99747, 1e-5);
  const all = clopperPearson(10, 10);
  near(all.low, 0.025 ** 0.1, 1e-14);
  assert.is(all.high, 1);
  assert.is(clopperPearson(0, 7).low, 0);
});

test("what is no count is refused", () => {
  assert.throws(() => clopperPearson(3, 2), /no more hits than trials/);
  assert.throws(() => betaQuantile(0.5, 0, 3), /whole numbers from 1/);
  assert.throws(() => betaQuantile(Number.NaN, 1, 3), /a share from 0 to 1/);
});

test("the beta-binomial tail is the share of orders in which so many others lie above a rank", () => {
  // With a = rank and b = n + 1 - rank, every order of the n and the m scores is equally likely.
  const orders = (n: number, m: number): number[][] =>
    n === 0 && m === 0
      ? [[]]
      : [
          ...(n > 0 ? orders(n - 1, m).map((rest) => [0, ...rest]) : []),
          ...(m > 0 ? orders(n, m - 1).map((rest) => [1, ...rest]) : []),
        ];
  for (const [n, m, rank] of [
    [4, 3, 1],
    [5, 4, 2],
    [3, 6, 3],
  ]) {
    const above = orders(n, m).map((order) => {
      // From the largest: others before the calibration score of this rank lie above the line.
      let [seen, over] = [0, 0];
      for (const each of order) {
        if (each === 0 && ++seen === rank) break;
        over += each;
      }
      return over;
    });
    for (let hits = 0; hits <= m; hits++) {
      const share = above.filter((over) => over >= hits).length / above.length;
      near(betaBinomialTail(hits, m, rank, n + 1 - rank), share, 1e-12);
    }
  }
  near(betaBinomialTail(1, 1, 1, 99), 0.01, 1e-12);
  assert.is(betaBinomialTail(3, 2, 1, 1), 0);
  assert.throws(() => betaBinomialTail(1, 1, 0, 1), RangeError);
});

test.run();
