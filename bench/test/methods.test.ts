import { test } from "uvu";
import * as assert from "uvu/assert";
import { cnnRows, regadRow } from "../src/methods.js";

/** GFLOP of Wide-ResNet-50-2 at 224 pixels, whole and to its third layer. */
const [WHOLE, PART] = [22.8, 18.4];

test("methods cost what their networks and searches do", () => {
  const rows = [...cnnRows("wide_resnet50_2"), regadRow];
  // GFLOP of an image and of a fit, K = 2: the network, then what a method adds.
  const wanted = [
    [WHOLE + 11.5, 2 * WHOLE],
    [PART, 2 * PART],
    [PART + 2.5, 2 * PART],
    [PART + 0.25, 2 * PART + 0.4 + 0.07],
    [3.24 + 0.24, 142 + 5],
  ];
  for (const [i, { method, cost }] of rows.entries()) {
    const { image, fit } = cost(2);
    for (const [got, want] of [
      [image / 1e9, wanted[i][0]],
      [fit / 1e9, wanted[i][1]],
    ])
      assert.ok(Math.abs(got / want - 1) < 0.01, `${method}: ${got} and not ${want}`);
  }
  assert.match(rows[1].plain ?? "", /1\.04 TFLOP/);
});

test.run();
