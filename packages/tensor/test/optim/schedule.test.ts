import { test } from "uvu";
import * as assert from "uvu/assert";
import { optim } from "../../src/index.js";

const { byEpoch, constant, cosine, hold, warmup } = optim;
const near = (got: number, want: number) => assert.ok(Math.abs(got - want) < 1e-15, `${got}, want ${want}`);

test("constant", () => {
  for (const step of [0, 1, 1e6]) assert.is(constant(0.3)(step), 0.3);
});

test("cosine: both ends, the middle, and beyond", () => {
  const rate = cosine(0.2, 100, 0.05);
  assert.is(rate(0), 0.2);
  near(rate(50), 0.125);
  near(rate(25), 0.05 + 0.15 * 0.5 * (1 + Math.SQRT1_2));
  assert.is(rate(100), 0.05);
  assert.is(rate(1000), 0.05);
  assert.is(cosine(0.2, 100)(100), 0);
  assert.is(cosine(0.2, 0)(0), 0.2);
  assert.is(cosine(0.2, 0)(1), 0);
});

test("warmup rises to the schedule it leads into", () => {
  const rate = warmup(4, constant(0.8));
  [0.2, 0.4, 0.6, 0.8, 0.8].forEach((want, step) => {
    near(rate(step), want);
  });
  near(warmup(2, cosine(1, 10))(9), cosine(1, 10)(9));
  assert.is(warmup(0, constant(0.8))(0), 0.8);
});

test("a schedule of epochs, the first of them held at a rate of its own", () => {
  const rate = byEpoch(3, hold(1, 1e-5, cosine(2e-3, 50)));
  for (const step of [0, 2]) assert.is(rate(step), 1e-5);
  for (const step of [3, 5]) assert.is(rate(step), 2e-3);
  near(rate(75), 0.0010627905195293135);
});

test.run();
