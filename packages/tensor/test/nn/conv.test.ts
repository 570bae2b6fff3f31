import * as assert from "uvu/assert";
import { conv2d, mul, nn, permute, scope, sum, tanh, tensor } from "../../src/index.js";
import { close, deviceTests, FAMILIES, random } from "../support.js";

const test = deviceTests(FAMILIES);

/** A convolution and a norm with statistics of their own. */
function layers() {
  const conv = new nn.Conv2d(6, 5, 3, { stride: 2, padding: 1, seed: 1 });
  return { conv, norm: new nn.BatchNorm(5) };
}

test("a frozen convolution with its norm folded in gives what both give one after the other", async (device) => {
  const made = [];
  for (const frozen of [false, true]) {
    const { conv, norm } = layers();
    if (frozen) conv.freeze({ norm });
    conv.to(device);
    const values = [random(2, 5), random(3, 5), random(4, 5), random(5, 5, 0.5, 2)];
    for (const [i, name] of (["weight", "bias", "running_mean", "running_var"] as const).entries())
      norm[name].set(tensor(device, values[i]));
    const y = scope(() => {
      const x = tensor(device, random(6, 2 * 7 * 5 * 6), [2, 7, 5, 6]);
      const residual = tensor(device, random(7, 2 * 4 * 3 * 5), [2, 4, 3, 5]);
      return conv.forward(x, { norm, residual, activation: "relu" });
    });
    assert.equal(y.shape, [2, 4, 3, 5]);
    made.push(await y.data());
    for (const each of [conv, norm, y]) each.dispose();
  }
  assert.ok(made[0].some((v) => v > 0) && made[0].includes(0));
  close(made[1], made[0], 2e-6);
});

test("gradients of a convolution whose channels come last are those of conv2d, also through a norm in training", async (device) => {
  for (const normed of [false, true]) {
    const { conv, norm } = layers();
    conv.to(device);
    norm.to(device).train();
    const x = tensor(device, random(6, 2 * 7 * 5 * 6), [2, 7, 5, 6]);
    const steps = { stride: 2, padding: 1 } as const;
    // Unlike weights: the sum of what a norm puts out is constant.
    const weights = tensor(device, random(8, 2 * 4 * 3 * 5), [2, 4, 3, 5]);
    const options = { activation: "tanh", ...(normed && { norm }) } as const;
    const [last, first] = [
      nn.gradientsOf(conv.parameters(), () => sum(mul(conv.forward(x, options), weights))),
      nn.gradientsOf(conv.parameters(), () => {
        const y = conv2d(permute(x, [0, 3, 1, 2]), conv.weight.value, steps);
        return sum(mul(tanh(normed ? norm.forward(y) : y), permute(weights, [0, 3, 1, 2])));
      }),
    ];
    const values = await first.gradients[0].data();
    assert.ok(values.some((value) => Math.abs(value) > 0.1));
    close(await last.gradients[0].data(), values, 1e-5);
    const made = [last, first].flatMap(({ value, gradients }) => [value, ...gradients]);
    for (const each of [x, weights, conv, norm, ...made]) each.dispose();
  }
});

test.run();
