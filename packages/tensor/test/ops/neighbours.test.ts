import * as assert from "uvu/assert";
import { cholesky, mahalanobis, nearestRows, packRows, scope, tensor } from "../../src/index.js";
import { close, deviceTests, FAMILIES, random, throwsCode } from "../support.js";

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

test.run();
