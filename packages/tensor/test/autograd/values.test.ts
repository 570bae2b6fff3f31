import * as assert from "uvu/assert";
import {
  cast,
  clamp,
  concat,
  describeGradcheck,
  expand,
  gather,
  gradcheck,
  greater,
  logSoftmax,
  max,
  mean,
  min,
  pad,
  permute,
  reshape,
  slice,
  softmax,
  split,
  squeeze,
  stack,
  sum,
  type Tensor,
  transpose,
  unsqueeze,
  variance,
  where,
} from "../../src/index.js";
import { deviceTests } from "../support.js";
import { agrees, rowwise, softmaxRow } from "./agrees.js";

const test = deviceTests();

test("ops that move values hand gradients back to where they came from", async (device) => {
  const pick = (indices: number[]) => (x: Float64Array) => indices.map((i) => x[i]);
  await agrees(
    device,
    (x) => reshape(x, [3, 2]),
    [[2, 3]],
    (x) => x,
  );
  await agrees(device, (x) => permute(x, [1, 0]), [[2, 3]], pick([0, 3, 1, 4, 2, 5]));
  await agrees(device, (x) => transpose(x), [[2, 2]], pick([0, 2, 1, 3]));
  await agrees(
    device,
    (x) => squeeze(unsqueeze(x, 0)),
    [[4]],
    (x) => x,
  );
  await agrees(device, (x) => expand(x, [2, 2, 2]), [[2, 1]], pick([0, 0, 1, 1, 0, 0, 1, 1]));
  await agrees(device, (x) => slice(x, [null, [1, 3]]), [[2, 4]], pick([1, 2, 5, 6]));
  await agrees(device, (x) => slice(x, [[0, 7, 3]]), [[8]], pick([0, 3, 6]));
  await agrees(device, (x) => slice(x, [[-2, Number.NEGATIVE_INFINITY, -2]]), [[6]], pick([4, 2, 0]));
  await agrees(device, (x) => slice(x, [[1, 1]]), [[3]], pick([]));
  await agrees(
    device,
    (x) =>
      pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        5,
      ),
    [[1, 2]],
    (x) => [5, 5, 5, 5, x[0], x[1], 5, 5],
  );
  await agrees(
    device,
    (x, y) => concat([x, y], 1),
    [
      [2, 1],
      [2, 2],
    ],
    (x, y) => [x[0], y[0], y[1], x[1], y[2], y[3]],
  );
  await agrees(
    device,
    (x, y) => stack([x, y], 1),
    [[2], [2]],
    (x, y) => [x[0], y[0], x[1], y[1]],
  );
  await agrees(device, (x) => split(x, [1, 2])[1], [[3, 2]], pick([2, 3, 4, 5]));
  await agrees(device, (x) => gather(x, [2, 0, 2]), [[3, 2]], pick([4, 5, 0, 1, 4, 5]));
  await agrees(device, (x) => gather(x, [1, 1], 1), [[2, 2, 1]], pick([1, 1, 3, 3]));
});

test("where and clamp pass the gradient on where they took the value", async (device) => {
  await agrees(
    device,
    (x, y) => where(greater(x, 0), x, y),
    [[6], [6]],
    (x, y) => x.map((v, i) => (v > 0 ? v : y[i])),
  );
  await agrees(
    device,
    (x) => clamp(x, -0.5, 0.5),
    [[9]],
    (x) => x.map((v) => Math.min(Math.max(v, -0.5), 0.5)),
  );
});

test("reductions, over any axes", async (device) => {
  const total = (row: number[]) => row.reduce((a, b) => a + b, 0);
  const spread = (row: number[], correction: number) => {
    const m = total(row) / row.length;
    return row.reduce((a, v) => a + (v - m) ** 2, 0) / (row.length - correction);
  };
  await agrees(
    device,
    (x) => sum(x),
    [[2, 3]],
    (x) => [total([...x])],
  );
  await agrees(
    device,
    (x) => sum(x, 0),
    [[2, 2]],
    (x) => [x[0] + x[2], x[1] + x[3]],
  );
  await agrees(
    device,
    (x) => mean(x, [0, 2], { keepDims: true }),
    [[2, 1, 2]],
    (x) => [total([...x]) / 4],
  );
  await agrees(
    device,
    (x) => variance(x, -1),
    [[2, 4]],
    (x) => rowwise(x, 4, (row) => [spread(row, 1)]),
  );
  await agrees(
    device,
    (x) => variance(x, -1, { correction: 0 }),
    [[1, 3]],
    (x) => [spread([...x], 0)],
  );
  await agrees(
    device,
    (x) => max(x, -1),
    [[3, 4]],
    (x) => rowwise(x, 4, (row) => [Math.max(...row)]),
  );
  await agrees(
    device,
    (x) => min(x, -1),
    [[3, 1]],
    (x) => rowwise(x, 1, (row) => [Math.min(...row)]),
  );
});

test("softmax and its logarithm, along any axis", async (device) => {
  await agrees(
    device,
    (x) => softmax(x),
    [[2, 5]],
    (x) => rowwise(x, 5, softmaxRow),
  );
  await agrees(
    device,
    (x) => softmax(x),
    [[3, 1]],
    (x) => rowwise(x, 1, softmaxRow),
  );
  await agrees(
    device,
    (x) => softmax(x, 0),
    [[4, 1]],
    (x) => softmaxRow([...x]),
  );
  await agrees(
    device,
    (x) => logSoftmax(x),
    [[2, 5]],
    (x) => rowwise(x, 5, (row) => softmaxRow(row).map(Math.log)),
  );
});

test("half precision hands float32 gradients back", async (device) => {
  const f = (x: Tensor) => sum(cast(cast(x, "float16"), "float32"));
  const report = await gradcheck(device, f, [{ shape: [3], values: [1, 2, 3] }], {
    reference: (x) => [x[0] + x[1] + x[2]],
  });
  assert.ok(report.ok, describeGradcheck(report));
});

test.run();
