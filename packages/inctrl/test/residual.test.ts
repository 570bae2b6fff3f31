import { tensor } from "@inctrl/tensor";
import { maxError } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { aggregateMap, largestOf, patchResidual, residualMap } from "../src/residual.js";

const test = deviceTests("residual");

test("a residual is half of 1 - cosine, and a map their mean over the blocks", async ({ device }) => {
  using similarity = tensor(device, [
    [
      [1, 0.5],
      [-1, 0],
    ],
  ]);
  using residuals = patchResidual(similarity);
  assert.equal([...(await residuals.data())], [0, 0.25, 1, 0.5]);
  using map = residualMap(similarity);
  assert.equal(map.shape, [1, 2]);
  assert.ok(maxError(await map.data(), [0.5, 0.375]) < 1e-7);
});

test("s_p is the mean of the largest values; NaN is never hidden", async ({ device }) => {
  using map = tensor(device, [
    [3, 1, 2],
    [3, Number.NaN, 2],
  ]);
  for (const [largest, want] of [
    [1, 3],
    [2, 2.5],
    [3, 2],
  ]) {
    using scores = aggregateMap(map, largest);
    const [sound, spoilt] = await scores.data();
    assert.is(sound, want);
    assert.ok(Number.isNaN(spoilt), `largest ${largest}: ${spoilt}`);
  }
});

test("an aggregate names how many patches it is the mean of", () => {
  assert.equal(
    (["max", "top1", "top25", "top26", "top0", "top1.5", "top"] as const).map((each) =>
      largestOf(each as "max", 25),
    ),
    [1, 1, 25, null, null, null, null],
  );
});

test.run();
