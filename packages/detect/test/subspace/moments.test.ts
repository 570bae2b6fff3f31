import { slice, tensor } from "@inctrl/tensor";
import { deviceTests, maxError, random } from "@inctrl/testing/tensor";
import * as assert from "uvu/assert";
import { joinMoments, momentsOf } from "../../src/subspace/moments.js";

const test = deviceTests();

test("moments in parts are those of all rows, also far from 0", async (device) => {
  const [count, width] = [2500, 5];
  const values = random(3, count * width).map((value) => 100 + value);
  using rows = tensor(device, values, [count, width]);
  using first = slice(rows, [[0, 700]]);
  using others = slice(rows, [[700, count]]);
  const got = joinMoments(await momentsOf(first), await momentsOf(others));
  const mean = Array.from(
    { length: width },
    (_, c) => values.filter((_, i) => i % width === c).reduce((a, b) => a + b, 0) / count,
  );
  const scatter = Array.from({ length: width * width }, (_, i) => {
    let sum = 0;
    for (let row = 0; row < count; row++)
      sum +=
        (values[row * width + Math.floor(i / width)] - mean[Math.floor(i / width)]) *
        (values[row * width + (i % width)] - mean[i % width]);
    return sum;
  });
  assert.is(got.count, count);
  assert.ok(maxError(got.mean, mean) < 1e-9);
  assert.ok(maxError(got.scatter, scatter) < 1e-5 * Math.max(...scatter));
});

test.run();
