import type { Device } from "./device/device.js";
import { check } from "./errors.js";
import { planFlat } from "./kernels/flat.js";
import { type Distribution, randomKernel } from "./kernels/philox.js";
import { launch } from "./ops/launch.js";
import type { Shape } from "./shape.js";
import { Tensor } from "./tensor.js";

/**
 * Where random values come from: they are a function of seed, stream and their index alone, however a tensor is split
 * (`offset` is the index of the first), and the same on every device: `bernoulli` and `uniform` on [0, 1) bit for bit,
 * the others within rounding.
 */
export interface RandomOptions {
  /** A whole number from 0 to 2^53 - 1. */
  seed: number;
  /** Sequences of one seed that do not overlap: a whole number below 2^32, e.g. one a layer. Default 0. */
  stream?: number;
  /** Index of the first value in the stream. Default 0. */
  offset?: number;
}

/**
 * Values spread evenly over [low, high), float32, in steps of (high - low) / 2^24.
 *
 * @example const x = uniform(device, [2, 3], { seed: 7 });
 */
export function uniform(
  device: Device,
  shape: Shape,
  options: RandomOptions & { low?: number; high?: number },
): Tensor {
  const { low = 0, high = 1 } = options;
  return draw("uniform", device, shape, options, low, high);
}

/**
 * Normally distributed values, float32, within 5.8 deviations of the mean.
 *
 * @example const weight = normal(device, [64, 32], { seed: 7, deviation: 0.02 });
 */
export function normal(
  device: Device,
  shape: Shape,
  options: RandomOptions & { mean?: number; deviation?: number },
): Tensor {
  const { mean = 0, deviation = 1 } = options;
  return draw("normal", device, shape, options, mean, deviation);
}

/**
 * True with a probability, bool: a dropout mask.
 *
 * @example const kept = where(bernoulli(device, x.shape, 0.9, { seed: 7 }), div(x, 0.9), 0);
 */
export function bernoulli(
  device: Device,
  shape: Shape,
  probability: number,
  options: RandomOptions,
): Tensor<"bool"> {
  check(
    probability >= 0 && probability <= 1,
    "argument",
    () => `bernoulli: probability ${probability} must be between 0 and 1`,
  );
  return draw("bernoulli", device, shape, options, probability, 0);
}

function draw(
  distribution: Distribution,
  device: Device,
  shape: Shape,
  { seed, stream = 0, offset = 0 }: RandomOptions,
  a: number,
  b: number,
): Tensor {
  checkWhole(distribution, "seed", seed, Number.MAX_SAFE_INTEGER);
  checkWhole(distribution, "stream", stream, 2 ** 32 - 1);
  checkWhole(distribution, "offset", offset, Number.MAX_SAFE_INTEGER);
  const out = Tensor.empty(device, shape, distribution === "bernoulli" ? "bool" : "float32");
  const skip = offset % 4;
  const block = (offset - skip) / 4;
  const flat = planFlat(out.size === 0 ? 0 : Math.ceil((out.size + skip) / 4), device.caps);
  const [blockLow, blockHigh] = words(block);
  const [keyLow, keyHigh] = words(seed);
  const uniforms = {
    ...flat.uniforms,
    size: out.size,
    skip,
    blockLow,
    blockHigh,
    stream,
    keyLow,
    keyHigh,
    a,
    b,
  };
  launch(randomKernel(distribution), { out }, uniforms, flat.grid);
  return out;
}

/** The low and high 32 bits of a whole number. */
const words = (value: number): [number, number] => [value >>> 0, Math.floor(value / 2 ** 32)];

function checkWhole(where: string, name: string, value: number, most: number): void {
  check(
    Number.isInteger(value) && value >= 0 && value <= most,
    "argument",
    () => `${where}: ${name} ${value} must be a whole number from 0 to ${most}`,
  );
}

/**
 * Four random 32-bit words on the host, those of block `counter` that the GPU draws from: Philox4x32-10 (Salmon et al.
 * 2011). `counter` is [block low, block high, stream, 0] and `key` [seed low, seed high].
 *
 * @example const [word] = philox([0, 0, 0, 0], [7, 0]); // word >>> 8 over 2^24 is uniform's first value for seed 7
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter.map((word) => word >>> 0);
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const p0 = BigInt(0xd2511f53) * BigInt(c0);
    const p1 = BigInt(0xcd9e8d57) * BigInt(c2);
    [c0, c1, c2, c3] = [
      (Number(p1 >> 32n) ^ c1 ^ k0) >>> 0,
      Number(p1 & 0xffffffffn),
      (Number(p0 >> 32n) ^ c3 ^ k1) >>> 0,
      Number(p0 & 0xffffffffn),
    ];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}
