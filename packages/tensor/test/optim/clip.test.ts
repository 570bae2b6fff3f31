import * as assert from "uvu/assert";
import { optim, tensor } from "../../src/index.js";
import { close, deviceTests } from "../support.js";

const test = deviceTests();

test("clipGradients scales all gradients by one factor of at most 1, and frees those given", async (device) => {
  for (const [most, factor] of [
    [1, 1 / (13 + 1e-6)],
    [13, 13 / (13 + 1e-6)],
    [26, 1],
    [0, 0],
  ]) {
    const given = [tensor(device, [3, 4]), tensor(device, [[12]])];
    const clipped = optim.clipGradients(given, most);
    close(await clipped[0].data(), [3 * factor, 4 * factor], { rel: 1e-6 }, `${most}`);
    close(await clipped[1].data(), [12 * factor], { rel: 1e-6 }, `${most}`);
    assert.equal(clipped[1].shape, [1, 1]);
    assert.ok(given.every((g) => g.disposed));
    for (const g of clipped) g.dispose();
  }
  assert.equal(optim.clipGradients([], 1), []);
});

test("clipGradients leaves zeros alone and makes all NaN where their norm is not finite", async (device) => {
  const [zero] = optim.clipGradients([tensor(device, [0, 0])], 1);
  close(await zero.data(), [0, 0], 0);
  // The square of 1e25 is beyond float32.
  for (const value of [Number.NaN, Infinity, 1e25]) {
    const broken = optim.clipGradients([tensor(device, [1]), tensor(device, [value])], 1);
    for (const g of broken) {
      assert.ok(Number.isNaN(await g.item()), `${value}`);
      g.dispose();
    }
  }
  zero.dispose();
});

test.run();
