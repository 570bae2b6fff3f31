import { scope, slice, tensor } from "@inctrl/tensor";
import { maxError, random, throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { BaselineError } from "../../src/errors.js";
import { chooseChannels, embedLayers } from "../../src/padim/embedding.js";
import { contrasts, Gaussians } from "../../src/padim/gaussians.js";

const test = deviceTests("PaDiM");

test("contrasts are orthogonal to one another and to the mean", () => {
  for (const samples of [1, 2, 8]) {
    const rows = Array.from({ length: samples - 1 }, (_, k) =>
      contrasts(samples).subarray(k * samples, (k + 1) * samples),
    );
    for (const [i, a] of rows.entries()) {
      assert.ok(Math.abs(a.reduce((sum, v) => sum + v, 0)) < 1e-6);
      for (const [j, b] of rows.entries()) {
        const product = a.reduce((sum, v, at) => sum + v * b[at], 0);
        assert.ok(Math.abs(product - (i === j ? 1 / (samples - 1) : 0)) < 1e-6, `${i}, ${j}: ${product}`);
      }
    }
  }
});

test("layers are laid end to end, and only the channels kept", async ({ device }) => {
  const x = scope(() => {
    const [first, second] = [tensor(device, [1, 2, 3, 4], [1, 2, 2]), tensor(device, [5, 6, 7], [1, 1, 3])];
    return embedLayers(
      [first, second],
      [
        { rows: 1, columns: 2 },
        { rows: 1, columns: 1 },
      ],
      [1, 2, 4],
    );
  });
  assert.equal(x.shape, [1, 2, 3]);
  assert.equal([...(await x.data())], [2, 5, 7, 4, 5, 7]);
  x.dispose();
  assert.equal(chooseChannels(448, 100, 1024).slice(0, 5), [1, 9, 10, 11, 12]);
});

/** Positions enough for two parts of this width. */
const [SAMPLES, POSITIONS, WIDTH] = [3, 150, 1792];

test("positions in parts are those alone; a sample that is the mean is at distance 0", async ({ device }) => {
  const values = tensor(device, random(1, SAMPLES * POSITIONS * WIDTH), [SAMPLES, POSITIONS, WIDTH]);
  const fit = (from: number, to: number) =>
    Gaussians.fit(
      {
        ...{ device, samples: SAMPLES, positions: to - from, width: WIDTH },
        vectors: (start, end) => slice(values, [null, [from + start, from + end]]),
      },
      0.01,
    );
  using whole = fit(0, POSITIONS);
  using last = fit(POSITIONS - 2, POSITIONS);
  assert.ok(whole.parts.length > 1);
  const all = whole.distance(values);
  const own = scope(() => last.distance(slice(values, [null, [POSITIONS - 2, POSITIONS]])));
  const [want, got] = [await own.data(), await all.data()];
  for (let view = 0; view < SAMPLES; view++) {
    const end = (view + 1) * POSITIONS;
    assert.equal([...got.subarray(end - 2, end)], [...want.subarray(2 * view, 2 * view + 2)]);
  }
  // Of K samples each is at distance (K - 1) / sqrt(K) in the plane that they span, but for epsilon.
  assert.ok(maxError(got, new Float32Array(got.length).fill(2 / Math.sqrt(3))) < 1e-4);
  for (const each of [values, all, own]) each.dispose();
});

test("an epsilon that leaves covariances singular is refused", async ({ device }) => {
  const vectors = () => tensor(device, [1], [1, 1, 1]);
  const samples = { device, samples: 1, positions: 1, width: 1, vectors };
  await throwsCode(() => Gaussians.fit(samples, 0), "options", /epsilon is 0/, BaselineError);
});

test.run();
