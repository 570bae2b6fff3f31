import { test } from "uvu";
import * as assert from "uvu/assert";
import { pythonSample } from "../../src/index.js";
import { rejects } from "../support/rejects.js";

/** From CPython 3.11: `random.Random(seed).sample(range(n), count)`. */
const DRAWN: [n: number, count: number, seed: number, want: number[]][] = [
  [20, 5, 7, [10, 4, 12, 1, 2]],
  [4, 4, 5, [2, 3, 1, 0]],
  [3000, 6, 0, [1577, 1722, 165, 1060, 2094, 1990]],
  [50, 3, 4294967295, [40, 39, 13]],
  [448, 0, 1024, []],
];

for (const [n, count, seed, want] of DRAWN)
  test(`${count} of ${n} with seed ${seed} are CPython's`, () =>
    assert.equal(pythonSample(n, count, seed), want));

test("numbers that allow no sample are refused", async () => {
  for (const [n, count, seed] of [
    [3, 4, 0],
    [3, -1, 0],
    [3, 2, 2 ** 32],
    [3, 2, 0.5],
  ])
    await rejects(() => pythonSample(n, count, seed), "bad-argument", /sample of .* out of 3 with seed/);
});

test.run();
