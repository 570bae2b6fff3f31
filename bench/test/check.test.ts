import { test } from "uvu";
import * as assert from "uvu/assert";
import { difference, sampled } from "../src/check.js";

const check = sampled(10, (at) => at * at, { places: 4, tolerance: 1e-3 });

test("places are spread over the result", () => {
  assert.equal([...check.at], [0, 3, 5, 8]);
  assert.equal([...check.want], [0, 9, 25, 64]);
  assert.is(sampled(3, () => 0).at.length, 3);
});

test("values may differ by a share of the largest", () => {
  assert.is(difference(check, [0.06, 9, 25.06, 64]), undefined);
  assert.match(difference(check, [0.06, 9, 25.07, 64]) ?? "", /value 5 is 25.07 and must be 25/);
});

test("a NaN is wrong at any place", () => {
  for (const at of [0, 1, 3]) {
    const values = [0, 9, 25, 64];
    values[at] = Number.NaN;
    assert.match(difference(check, values) ?? "", new RegExp(`value ${check.at[at]} is NaN`));
  }
});

test.run();
