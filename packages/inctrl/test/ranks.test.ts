import { scope, tensor } from "@inctrl/tensor";
import { generator, maxError } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { monotonePhi, RANK_BINS, rankMeans } from "../src/ranks.js";

const test = deviceTests("ranks");

test("rank means do not depend on the places of values", async ({ device }) => {
  const random = generator(4);
  const row = Float32Array.from({ length: 196 }, random);
  const turned = Float32Array.from(row, (_, i) => row[(i * 15 + 7) % 196]);
  const means = scope(() => rankMeans(tensor(device, Float32Array.of(...row, ...turned), [2, 196])));
  assert.equal(means.shape, [2, RANK_BINS]);
  const got = await means.data();
  means.dispose();
  const sorted = [...row].sort((a, b) => b - a);
  const mean = (from: number, to: number) =>
    (10 * sorted.slice(from, to).reduce((sum, value) => sum + value, 0)) / (to - from);
  const want = [mean(0, 1), mean(1, 2), mean(2, 3), mean(3, 4), mean(4, 6)];
  assert.ok(maxError(got.subarray(0, 5), want) < 1e-5);
  assert.ok(Math.abs(got[RANK_BINS - 1] - mean(160, 196)) < 1e-5);
  assert.ok(maxError(got.subarray(RANK_BINS), got.subarray(0, RANK_BINS)) < 1e-6);
});

test("other grids have the bins in proportion, and on small ones bins share patches", async ({ device }) => {
  for (const patches of [225, 9, 1]) {
    const values = Float32Array.from({ length: patches }, (_, i) => 1 - i / patches);
    const means = scope(() => rankMeans(tensor(device, values, [1, patches])));
    const got = [...(await means.data())];
    means.dispose();
    assert.ok(
      got.every((value, i) => value > 0 && value <= (got[i - 1] ?? 10) + 1e-5),
      `${patches}: ${got}`,
    );
    assert.is(Math.fround(got[0]), 10);
    // Of 225 patches the last bin is the 41 from rank 184 on, of 9 the last two.
    const last = patches === 225 ? 184 : patches === 9 ? 7 : 0;
    const tail = values.subarray(last).reduce((sum, value) => sum + value, 0) / (patches - last);
    assert.ok(
      Math.abs(got[RANK_BINS - 1] - 10 * tail) < 1e-4,
      `${patches}: ${got[RANK_BINS - 1]} ${10 * tail}`,
    );
  }
});

test("monotone phi is a weighted sum by rank and never falls where a residual rises", async ({ device }) => {
  const random = generator(9);
  const row = Float32Array.from({ length: 196 }, () => 0.3 * random());
  const roots = Float32Array.from({ length: RANK_BINS }, () => random() - 0.5);
  // Row 0 as it is; in each of the others one patch is raised.
  const rows = Array.from({ length: 40 }, (_, i) =>
    row.map((value, p) => (i > 0 && p === 4 * i ? value + 0.2 : value)),
  );
  const maps = tensor(device, Float32Array.from(rows.flatMap((each) => [...each])), [40, 196]);
  const [w, bias] = [tensor(device, roots), tensor(device, Float32Array.of(-0.5))];
  const [means, phi] = scope(() => [rankMeans(maps), monotonePhi(maps, w, bias)]);
  const [bins, got] = await Promise.all([means.data(), phi.data()]);
  for (const each of [maps, w, bias, means, phi]) each.dispose();
  const logit = roots.reduce((sum, root, bin) => sum + root ** 2 * bins[bin], -0.5);
  assert.ok(Math.abs(got[0] - 1 / (1 + Math.exp(-logit))) < 1e-6);
  assert.ok(got.subarray(1).every((value) => value >= got[0]) && Math.max(...got) > got[0] + 1e-3);
});

test.run();
