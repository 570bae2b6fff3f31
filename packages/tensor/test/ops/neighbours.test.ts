import * as assert from "uvu/assert";
import {
  add,
  cholesky,
  eye,
  mahalanobis,
  matmul,
  mul,
  nearestRows,
  packRows,
  scope,
  tensor,
} from "../../src/index.js";
import { close, deviceTests, FAMILIES, random, throwsCode, valuesOf } from "../support.js";

const test = deviceTests(FAMILIES);

test("near rows far from 0 keep their digits, and equals give the lowest row", async (device) => {
  const d = 40;
  const bank = random(1, 70 * d, 90, 100);
  bank.set(bank.subarray(33 * d, 34 * d), 69 * d);
  const query = bank.slice(33 * d, 34 * d).map((v, i) => v + (i === 3 ? 1 / 64 : 0));
  for (const k of [1, 2]) {
    const { squared, index, packed } = scope(() => {
      const packed = packRows(tensor(device, bank, [70, d]));
      return { ...nearestRows(tensor(device, query, [1, d]), packed, k), packed };
    });
    close(await squared.data(), Array(k).fill(1 / 4096), 1e-12);
    close(await index.data(), [33, 69].slice(0, k), 0);
    for (const each of [squared, index, packed]) each.dispose();
  }
});

test("more neighbours than there are rows, and none, are refused", async (device) => {
  const x = tensor(device, new Float32Array(6), [2, 3]);
  for (const k of [0, 3, 1.5])
    await throwsCode(() => nearestRows(x, x, k), "argument", new RegExp(`k is ${k} and the bank has 2 rows`));
  x.dispose();
});

test("the lower factor of 176 columns times its transpose is the matrix", async (device) => {
  const [n, d] = [176, 40];
  const a = random(5, n * d);
  const gram = Float32Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? 0.01 : 0;
    for (let e = 0; e < d; e++) sum += a[i * d + e] * a[j * d + e];
    return sum;
  });
  const { lower, apart } = scope(() => {
    const lower = cholesky(tensor(device, gram, [1, n, n]), { least: 0.01 });
    const factors = tensor(device, a, [1, n, d]);
    const apart = mahalanobis(
      tensor(device, a.slice(0, d), [1, d]),
      tensor(device, new Float32Array(d), [1, d]),
      factors,
      lower,
      0.01,
    );
    return { lower, apart };
  });
  const l = await lower.data();
  let worst = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k <= j; k++) sum += l[i * n + k] * l[j * n + k];
      worst = Math.max(worst, Math.abs(sum - gram[i * n + j]));
    }
  assert.ok(worst < 2e-4, `${worst}`);
  // The first column of A: a^T (A A^T + eps I)^-1 a is below 1, and near h / (1 + h) of what the others explain.
  const [distance] = await apart.data();
  assert.ok(distance > 0 && distance < 1, `${distance}`);
  lower.dispose();
  apart.dispose();
});

test("a view's Mahalanobis distances do not depend on the views beside it", async (device) => {
  const [views, positions, n, d] = [7, 3, 6, 12];
  const values = random(9, views * positions * d);
  const [mean, a] = [random(10, positions * d), random(11, positions * n * d)];
  const distances = (from: number, to: number) =>
    valuesOf(() => {
      const factors = tensor(device, a, [positions, n, d]);
      const ridge = mul(eye(device, n), 0.01);
      const lower = cholesky(add(matmul(factors, factors, { transposeB: true }), ridge));
      const x = values.slice(from * positions * d, to * positions * d);
      const given = tensor(device, x, [to - from, positions, d]);
      return mahalanobis(given, tensor(device, mean, [positions, d]), factors, lower, 0.01);
    });
  const all = await distances(0, views);
  for (const size of [1, 2, 3, 4, 5])
    for (let from = 0; from + size <= views; from++)
      assert.equal(
        await distances(from, from + size),
        all.slice(from * positions, (from + size) * positions),
      );
});

test.run();
