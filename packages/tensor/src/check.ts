import { tensor } from "./create.js";
import type { Device } from "./device/device.js";
import { selfAttention } from "./ops/attention.js";
import { matmul } from "./ops/matmul.js";
import { nearest } from "./ops/nearest.js";
import { layerNorm } from "./ops/norm.js";
import { packMatrix } from "./ops/packed.js";
import { uniform } from "./random.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/** A kernel held against a plain loop on the host. */
export interface KernelCheck {
  name: string;
  ok: boolean;
  maxError: number;
  tolerance: number;
}

/** Sizes that are multiples of nothing. */
const [ROWS, INNER, COLUMNS] = [37, 45, 70];
const TOLERANCE = 1e-5;

/**
 * Runs the heavy kernels once, as the device's family shares them out, and compares them with float64 loops: a quick sign that
 * adapter and driver compute right.
 *
 * @example
 * for (const { name, ok } of await checkKernels(device)) console.log(name, ok);
 */
export async function checkKernels(device: Device): Promise<KernelCheck[]> {
  const a = wave(ROWS * INNER, 1);
  const b = wave(INNER * COLUMNS, 2);
  const bank = wave(COLUMNS * INNER, 3);
  const row = (values: Float32Array, i: number) => values.subarray(i * INNER, (i + 1) * INNER);
  const product = (i: number, j: number) => sum(INNER, (k) => a[i * INNER + k] * b[k * COLUMNS + j]);
  const checks: [string, () => Tensor, (at: number) => number][] = [
    [
      "matmul",
      () => matmul(tensor(device, a, [ROWS, INNER]), tensor(device, b, [INNER, COLUMNS])),
      (at) => product(Math.floor(at / COLUMNS), at % COLUMNS),
    ],
    [
      "nearest",
      () => nearest(tensor(device, a, [ROWS, INNER]), tensor(device, bank, [COLUMNS, INNER])).similarity,
      (at) => {
        const cosines = Array.from({ length: COLUMNS }, (_, j) => cosine(row(a, at), row(bank, j)));
        return Math.max(...cosines);
      },
    ],
    [
      "layer norm",
      () => layerNorm(tensor(device, a, [ROWS, INNER])),
      (at) => normed(row(a, Math.floor(at / INNER)))[at % INNER],
    ],
    [
      "attention",
      () => selfAttention(tensor(device, a, [1, ROWS, INNER]), 1),
      (at) => attended(a, Math.floor(at / (INNER / 3)), at % (INNER / 3)),
    ],
  ];
  const results: KernelCheck[] = [];
  for (const [name, make, want] of checks) {
    const made = scope(make);
    const got = await made.data();
    made.dispose();
    const errors = Array.from(got, (v, at) => Math.abs(v - want(at)));
    const maxError = errors.reduce((worst, e) => (e > worst || Number.isNaN(e) ? e : worst), 0);
    results.push({ name, ok: maxError <= TOLERANCE, maxError, tolerance: TOLERANCE });
  }
  return results;
}

/** Smooth values in [-1, 1] that differ from one another. */
const wave = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(seed * 12.9898 + i * 0.7391 + (i % 7)));

const sum = (count: number, value: (i: number) => number): number => {
  let total = 0;
  for (let i = 0; i < count; i++) total += value(i);
  return total;
};

const cosine = (x: Float32Array, y: Float32Array): number =>
  sum(x.length, (i) => x[i] * y[i]) / Math.hypot(...x) / Math.hypot(...y);

function normed(x: Float32Array): number[] {
  const mean = sum(x.length, (i) => x[i]) / x.length;
  const variance = sum(x.length, (i) => (x[i] - mean) ** 2) / x.length;
  return Array.from(x, (v) => (v - mean) / Math.sqrt(variance + 1e-5));
}

/** One value of single-head attention over rows that hold query, key and value side by side. */
function attended(rows: Float32Array, query: number, column: number): number {
  const width = INNER / 3;
  const at = (token: number, part: number, d: number) => rows[token * INNER + part * width + d];
  const scores = Array.from({ length: ROWS }, (_, key) =>
    Math.exp(sum(width, (d) => at(query, 0, d) * at(key, 1, d)) / Math.sqrt(width)),
  );
  const total = scores.reduce((x, y) => x + y, 0);
  return sum(ROWS, (key) => (scores[key] / total) * at(key, 2, column));
}

/** How fast the device multiplies matrices. */
export interface GemmRate {
  /** Rows, inner size and columns of the product: four images through the widest layer of ViT-B-16-plus-240. */
  shape: readonly [number, number, number];
  gflops: number;
}

/**
 * The rate of a packed float32 matrix product, the best of several runs, in units of 10^9 operations (a multiply and an add
 * count as two) a second. The best, since other programs can only take time away.
 */
export async function measureGemm(device: Device, runs = 7): Promise<GemmRate> {
  const repeat = device.caps.software ? 1 : 32;
  const [m, k, n] = device.caps.software ? [904, 896, 3584] : [3616, 896, 3584];
  const { x, weight } = scope(() => ({
    x: uniform(device, [m, k], { seed: 1 }),
    weight: packMatrix(uniform(device, [n, k], { seed: 2 }), { transposed: true }),
  }));
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run <= runs; run++) {
    await device.sync();
    const start = performance.now();
    scope(() => {
      for (let i = 0; i < repeat; i++) matmul(x, weight).dispose();
    });
    await device.sync();
    // The first run compiles.
    if (run > 0) best = Math.min(best, performance.now() - start);
  }
  x.dispose();
  weight.dispose();
  return { shape: [m, k, n], gflops: (2 * m * k * n * repeat) / best / 1e6 };
}
