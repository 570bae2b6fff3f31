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

/** Rows of an image in ViT-B-16-plus-240, its width, and the width of its widest layer. */
const [IMAGE, WIDTH, HIDDEN] = [226, 896, 3584];

/** Operands of a packed product of some rows with weights of ViT-B-16-plus-240; the caller frees them. */
const productOf = (device: Device, m: number, n: number) =>
  scope(() => ({
    x: uniform(device, [m, WIDTH], { seed: 1 }),
    weight: packMatrix(uniform(device, [n, WIDTH], { seed: 2 }), { transposed: true }),
  }));

/** Seconds of a product run so many times, between two syncs. */
async function secondsOf(device: Device, { x, weight }: ReturnType<typeof productOf>, times: number) {
  await device.sync();
  const start = performance.now();
  scope(() => {
    for (let i = 0; i < times; i++) matmul(x, weight).dispose();
  });
  await device.sync();
  return (performance.now() - start) / 1000;
}

/** A measurement this long is of the products and not of the wait for them. */
const LONG_ENOUGH = 0.01;

/**
 * Measures how much arithmetic a GPU takes at once, beginning with a product that the slowest finish in time. Software adapters need no
 * such measure. It takes some hundredths of a second, and is done once for a device.
 *
 * @example
 * await measurePace(device);
 * console.log(device.pace.flop); // operations that one submission may hold
 */
export async function measurePace(device: Device): Promise<void> {
  if (device.caps.software || device.pace.measured) return;
  const product = productOf(device, IMAGE, WIDTH);
  // The first run compiles.
  await secondsOf(device, product, 1);
  for (let times = 1; ; times *= 2) {
    const seconds = await secondsOf(device, product, times);
    if (seconds < LONG_ENOUGH && times < 4096) continue;
    device.pace.learn(2 * IMAGE * WIDTH * WIDTH * times, seconds);
    break;
  }
  product.x.dispose();
  product.weight.dispose();
}

/** How fast the device multiplies matrices. */
export interface GemmRate {
  /** Rows, inner size and columns of the product: some images through the widest layer of ViT-B-16-plus-240. */
  shape: readonly [number, number, number];
  gflops: number;
}

/**
 * The rate of a packed float32 matrix product, the best of several runs, in units of 10^9 operations (a multiply and an add
 * count as two) a second. The best, since other programs can only take time away.
 */
export async function measureGemm(device: Device, runs = 7): Promise<GemmRate> {
  await measurePace(device);
  const { software } = device.caps;
  const image = 2 * IMAGE * WIDTH * HIDDEN;
  // As many images as a submission may hold: 16 on fast GPUs. On a CPU four fill all tiles.
  const images = software ? 4 : Math.min(16, Math.max(1, Math.floor(device.pace.flop / image)));
  const times = software ? 1 : Math.min(32, Math.max(1, Math.round(device.pace.flop / (images * image))));
  const product = productOf(device, images * IMAGE, HIDDEN);
  let best = Number.POSITIVE_INFINITY;
  // The first run compiles.
  for (let run = 0; run <= runs; run++) {
    const seconds = await secondsOf(device, product, times);
    if (run > 0) best = Math.min(best, seconds);
  }
  product.x.dispose();
  product.weight.dispose();
  return { shape: [images * IMAGE, WIDTH, HIDDEN], gflops: (image * images * times) / best / 1e9 };
}
