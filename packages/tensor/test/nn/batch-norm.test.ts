import * as assert from "uvu/assert";
import { nn, type Shape, tensor } from "../../src/index.js";
import { close, deviceTests, throwsCode, valuesOf } from "../support.js";
import { agrees, inputOf } from "./support.js";

const test = deviceTests();

/** Statistics of each channel of [b, channels, pixels]. */
function statistics(x: ArrayLike<number>, channels: number, pixels: number) {
  const count = x.length / channels;
  const of = (at: number) => Math.floor(at / pixels) % channels;
  const means = new Array<number>(channels).fill(0);
  const variances = new Array<number>(channels).fill(0);
  for (let i = 0; i < x.length; i++) means[of(i)] += x[i] / count;
  for (let i = 0; i < x.length; i++) variances[of(i)] += (x[i] - means[of(i)]) ** 2 / count;
  return { of, count, means, variances };
}

test("BatchNorm follows a float64 loop in training and afterwards", async (device) => {
  const [b, channels, pixels] = [4, 3, 5];
  using norm = new nn.BatchNorm(channels, { eps: 1e-4 }).to(device);
  assert.equal(
    [...norm.namedParameters()].map(([name, { trainable }]) => [name, trainable]),
    [
      ["weight", true],
      ["bias", true],
      ["running_mean", false],
      ["running_var", false],
      ["num_batches_tracked", false],
    ],
  );
  norm.weight.set(tensor(device, [1.5, 0.5, -1]));
  norm.bias.set(tensor(device, [0.1, 0, 2]));
  const [w, shift] = [
    [1.5, 0.5, -1],
    [0.1, 0, 2],
  ];
  const [runMean, runVar] = [
    [0, 0, 0],
    [1, 1, 1],
  ];
  norm.train();
  for (let step = 0; step < 3; step++) {
    const { values } = inputOf([b, channels, pixels], 20 + step);
    const x = values.map((v, i) => Math.fround(v * (1 + (i % 7)) + 3));
    const got = await valuesOf(() =>
      norm.forward(tensor(device, Float32Array.from(x), [b, channels, pixels])),
    );
    const { of, count, means, variances } = statistics(x, channels, pixels);
    close(
      got,
      x.map((v, i) => ((v - means[of(i)]) / Math.sqrt(variances[of(i)] + 1e-4)) * w[of(i)] + shift[of(i)]),
      5e-6,
      `step ${step}`,
    );
    for (let c = 0; c < channels; c++) {
      runMean[c] = 0.9 * runMean[c] + 0.1 * means[c];
      runVar[c] = 0.9 * runVar[c] + (0.1 * variances[c] * count) / (count - 1);
    }
    close(await norm.running_mean.value.data(), runMean, 1e-6);
    close(await norm.running_var.value.data(), runVar, { rel: 1e-6 });
    assert.is(await norm.num_batches_tracked.value.item(), step + 1);
  }
  norm.train(false);
  const { values } = inputOf([1, channels, 2], 30);
  const got = await valuesOf(() => norm.forward(tensor(device, Float32Array.from(values), [1, channels, 2])));
  const of = (i: number) => Math.floor(i / 2);
  close(
    got,
    values.map((v, i) => ((v - runMean[of(i)]) / Math.sqrt(runVar[of(i)] + 1e-4)) * w[of(i)] + shift[of(i)]),
    2e-6,
  );
  assert.is(await norm.num_batches_tracked.value.item(), 3);
});

test("BatchNorm's gradients flow through the batch's statistics", async (device) => {
  for (const [shape, pixels] of [
    [[4, 2], 1],
    [[2, 2, 1, 3], 3],
    [[3, 1], 1],
  ] as [Shape, number][]) {
    using norm = new nn.BatchNorm(shape[1], { eps: 1e-2 }).to(device).train();
    const holds = (reference: Parameters<typeof agrees>[4]) =>
      agrees(device, norm, (x) => norm.forward(x), shape, reference);
    const normed = (x: number, mean: number, variance: number) => (x - mean) / Math.sqrt(variance + 1e-2);
    await holds((x, w, b) => {
      const { of, means, variances } = statistics(x, shape[1], pixels);
      return x.map((v, i) => normed(v, means[of(i)], variances[of(i)]) * w[of(i)] + b[of(i)]);
    });
    norm.train(false);
    const [m, v] = [await norm.running_mean.value.data(), await norm.running_var.value.data()];
    await holds((x, w, b) => {
      const of = (i: number) => Math.floor(i / pixels) % shape[1];
      return x.map((u, i) => normed(u, m[of(i)], v[of(i)]) * w[of(i)] + b[of(i)]);
    });
  }
});

test("BatchNorm refuses a batch of one value a channel", async (device) => {
  using norm = new nn.BatchNorm(2).to(device).train();
  const [one, wide] = [tensor(device, [[1, 2]]), tensor(device, [[1, 2, 3]])];
  await throwsCode(() => norm.forward(one), "shape", /1 values a channel; training needs two or more/);
  await throwsCode(() => norm.forward(wide), "shape", /x is \[1, 3\] and must be \[b, 2, \.\.\.\]/);
  for (const t of [one, wide]) t.dispose();
});

test.run();
