import { tensor } from "./create.js";
import type { Device } from "./device/device.js";
import { selfAttention } from "./ops/attention.js";
import type { AnyDefinition } from "./ops/define.js";
import { matmul } from "./ops/matmul.js";
import { nearest } from "./ops/nearest.js";
import { layerNorm } from "./ops/norm.js";
import { packMatrix } from "./ops/packed.js";
import { uniform } from "./random.js";
import { scope } from "./scope.js";
import { type Shape, sizeOf } from "./shape.js";
import { Tensor } from "./tensor.js";

/** A kernel compared with the float64 reference of its op. */
export interface KernelCheck {
  name: string;
  ok: boolean;
  maxError: number;
  tolerance: number;
}

/** Sizes that are multiples of nothing. */
const [ROWS, INNER, COLUMNS] = [37, 45, 70];
const TOLERANCE = 1e-5;

/** The heavy ops: the shapes of their tensors, how they are called, and their definition. */
const CHECKS: readonly [
  name: string,
  shapes: readonly Shape[],
  run: (...tensors: Tensor[]) => Tensor,
  definition: AnyDefinition,
  rest?: unknown[],
][] = [
  [
    "matmul",
    [
      [ROWS, INNER],
      [INNER, COLUMNS],
    ],
    (a, b) => matmul(a, b),
    matmul.definition,
  ],
  [
    "nearest",
    [
      [ROWS, INNER],
      [COLUMNS, INNER],
    ],
    (query, bank) => nearest(query, bank).similarity,
    nearest.definition,
  ],
  ["layer norm", [[ROWS, INNER]], (x) => layerNorm(x), layerNorm.definition],
  ["attention", [[1, ROWS, INNER]], (qkv) => selfAttention(qkv, 1), selfAttention.definition, [1]],
];

/**
 * Runs the heavy kernels once, as the device's family splits their work, and compares them with the float64 references of their ops: a
 * quick sign that adapter and driver compute correctly.
 *
 * @example
 * for (const { name, ok } of await checkKernels(device)) console.log(name, ok);
 */
export async function checkKernels(device: Device): Promise<KernelCheck[]> {
  const results: KernelCheck[] = [];
  for (const [name, shapes, run, definition, rest = []] of CHECKS) {
    const values = shapes.map((shape, i) => wave(sizeOf(shape), i + 1));
    const { made, want } = scope(() => {
      const tensors = shapes.map((shape, i) => tensor(device, values[i], shape));
      const call = definition.check(...tensors, ...rest);
      const onHost = (value: unknown) =>
        value instanceof Tensor ? { shape: value.shape, values: values[tensors.indexOf(value)] } : value;
      const host = Object.fromEntries(Object.entries(call).map(([key, value]) => [key, onHost(value)]));
      return { made: run(...tensors), want: definition.reference(host) };
    });
    // The reference of a search gives several results; the first is compared.
    const wanted = ("similarity" in want ? want.similarity : want) as ArrayLike<number>;
    const got = await made.data();
    made.dispose();
    const errors = Array.from(got, (v, i) => Math.abs(v - wanted[i]));
    const maxError = errors.reduce((worst, e) => (e > worst || Number.isNaN(e) ? e : worst), 0);
    results.push({ name, ok: maxError <= TOLERANCE, maxError, tolerance: TOLERANCE });
  }
  return results;
}

/** Smooth values in [-1, 1] that differ from one another. */
const wave = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(seed * 12.9898 + i * 0.7391 + (i % 7)));

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
