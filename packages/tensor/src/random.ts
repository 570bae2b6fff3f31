import { onDevice } from "./device/default.js";
import type { Device } from "./device/device.js";
import { check, kindOf } from "./errors.js";
import { type Distribution, randomKernel } from "./kernels/philox.js";
import { launch } from "./ops/launch.js";
import { checkOptions, NUMBER } from "./ops/options.js";
import { checkWhole, type Shape } from "./shape.js";
import { Tensor } from "./tensor.js";

/**
 * The source of random values. A value depends on seed, stream and its index alone, so a draw may be split (`offset` is the
 * index of the first value). All devices give the same values: `bernoulli` and `uniform` on [0, 1) bit for bit, the others
 * within rounding.
 */
export interface RandomOptions {
  /** A whole number from 0 to 2^53 - 1. */
  seed: number;
  /** Number of an independent sequence of the seed, below 2^32; e.g. one per layer. Default 0. */
  stream?: number;
  /** Index of the first value in the stream. Default 0. */
  offset?: number;
}

export type UniformOptions = RandomOptions & { low?: number; high?: number };
export type NormalOptions = RandomOptions & { mean?: number; deviation?: number };

/**
 * Values spread evenly over [low, high), float32, in steps of (high - low) / 2^24.
 *
 * @param device may be left out where `setDefaultDevice` has chosen one.
 * @example const x = uniform(device, [2, 3], { seed: 7 });
 */
export const uniform = onDevice(
  (device, shape: Shape, options: UniformOptions): Tensor<"float32"> =>
    draw("uniform", device, shape, options, options?.low ?? 0, options?.high ?? 1),
);

/**
 * Normally distributed values, float32, within 5.8 deviations of the mean.
 *
 * @param device may be left out where `setDefaultDevice` has chosen one.
 * @example const weight = normal(device, [64, 32], { seed: 7, deviation: 0.02 });
 */
export const normal = onDevice(
  (device, shape: Shape, options: NormalOptions): Tensor<"float32"> =>
    draw("normal", device, shape, options, options?.mean ?? 0, options?.deviation ?? 1),
);

/**
 * True with a probability, bool: a dropout mask.
 *
 * @param device may be left out where `setDefaultDevice` has chosen one.
 * @example const kept = where(bernoulli(device, x.shape, 0.9, { seed: 7 }), div(x, 0.9), 0);
 */
export const bernoulli = onDevice(
  (device, shape: Shape, probability: number, options: RandomOptions): Tensor<"bool"> => {
    check(
      probability >= 0 && probability <= 1,
      "argument",
      () => `bernoulli: probability ${probability} must be between 0 and 1`,
    );
    return draw("bernoulli", device, shape, options, probability, 0);
  },
);

const STREAM = { seed: NUMBER, stream: NUMBER, offset: NUMBER };
const OWN = {
  uniform: { low: NUMBER, high: NUMBER },
  normal: { mean: NUMBER, deviation: NUMBER },
  bernoulli: {},
};

function draw(
  distribution: Distribution,
  device: Device,
  shape: Shape,
  options: RandomOptions,
  a: number,
  b: number,
): Tensor {
  check(
    typeof options === "object" && options !== null,
    "argument",
    () => `${distribution}: the options are ${kindOf(options)}; give a seed, such as { seed: 7 }`,
  );
  checkOptions(distribution, { at: 0, takes: { ...STREAM, ...OWN[distribution] } }, [options]);
  const { seed, stream = 0, offset = 0 } = options;
  checkWhole(`${distribution}: seed`, seed, 0, Number.MAX_SAFE_INTEGER);
  checkWhole(`${distribution}: stream`, stream, 0, 2 ** 32 - 1);
  checkWhole(`${distribution}: offset`, offset, 0, Number.MAX_SAFE_INTEGER);
  const out = Tensor.empty(device, shape, distribution === "bernoulli" ? "bool" : "float32");
  const skip = offset % 4;
  const block = (offset - skip) / 4;
  const [blockLow, blockHigh] = words(block);
  const [keyLow, keyHigh] = words(seed);
  const uniforms = {
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
  const blocks = out.size === 0 ? 0 : Math.ceil((out.size + skip) / 4);
  launch({ kernel: randomKernel(distribution), tensors: { out }, uniforms, over: [blocks] });
  return out;
}

/** The low and high 32 bits of a whole number. */
const words = (value: number): [number, number] => [value >>> 0, Math.floor(value / 2 ** 32)];

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
