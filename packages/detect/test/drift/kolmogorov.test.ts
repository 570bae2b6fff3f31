import { random } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { distanceChance, distanceLimit, kolmogorovDistance } from "../../src/drift/kolmogorov.js";

const kolmogorovP = (a: readonly number[], b: readonly number[]) =>
  distanceChance(a.length, b.length, kolmogorovDistance(a, b));

/** The distance by its definition. */
function distance(a: readonly number[], b: readonly number[]): number {
  const share = (of: readonly number[], at: number) => of.filter((each) => each <= at).length / of.length;
  return Math.max(...[...a, ...b].map((at) => Math.abs(share(a, at) - share(b, at))));
}

/** The p by trying all ways to deal the values to the two samples. */
function dealt(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  const seen = distance(a, b) - 1e-9;
  let [ways, far] = [0, 0];
  for (let bits = 0; bits < 1 << all.length; bits++) {
    const first = all.filter((_, i) => bits & (1 << i));
    if (first.length !== a.length) continue;
    ways++;
    const rest = all.filter((_, i) => !(bits & (1 << i)));
    if (distance(first, rest) >= seen) far++;
  }
  return far / ways;
}

test("p is that of all ways to deal the values", () => {
  const values = Array.from({ length: 40 }, (_, i) => random(i, 1)[0]);
  for (const [n, m] of [
    [1, 1],
    [1, 5],
    [3, 4],
    [4, 4],
    [5, 6],
    [2, 9],
  ]) {
    for (let first = 0; first + n + m <= 40; first += 9) {
      const [a, b] = [values.slice(first, first + n), values.slice(first + n, first + n + m)];
      assert.ok(Math.abs(kolmogorovDistance(a, b) - distance(a, b)) < 1e-12, `${n}, ${m}`);
      const [got, want] = [kolmogorovP(a, b), dealt(a, b)];
      assert.ok(Math.abs(got - want) < 1e-12, `${n}, ${m}: ${got}, dealt ${want}`);
    }
  }
});

test("samples apart have the smallest p, equal ones have 1", () => {
  assert.ok(Math.abs(kolmogorovP([1, 2, 3, 4], [5, 6, 7, 8]) - 2 / 70) < 1e-12);
  assert.is(kolmogorovP([1, 2, 3], [1, 2, 3]), 1);
});

test("ties make p larger, never smaller", () => {
  const [a, b] = [
    [1, 1, 1, 2],
    [1, 2, 2, 2],
  ];
  assert.ok(kolmogorovP(a, b) >= dealt(a, b));
});

test("the limit is the smallest distance that is rare enough", () => {
  for (const [n, m, chance] of [
    [5, 7, 0.1],
    [20, 30, 1e-3],
  ]) {
    const limit = distanceLimit(n, m, chance);
    assert.ok(distanceChance(n, m, limit) <= chance);
    assert.ok(distanceChance(n, m, limit - 1 / (n * m)) > chance);
  }
  assert.ok(distanceLimit(2, 2, 1e-6) > 1);
});

test.run();
