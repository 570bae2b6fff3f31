import { test } from "uvu";
import * as assert from "uvu/assert";
import { betaQuantile, clopperPearson } from "../../src/calibration/beta.js";

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

test.run();
