import {
  gridSize,
  type ModelConfig,
  openWeights,
  randomParameters,
  readParameter,
  resolveModel,
} from "@inctrl/clip";
import type { nn } from "@inctrl/tensor";
import { operand } from "./data.js";
import type { Tasks } from "./task.js";

/** One seed gives the same untrained tower in every process. */
const SEED = 1;

/** Calls `use` with the values of a tower, from a file or from the seed. */
export async function withParameters<T>(
  config: ModelConfig,
  weights: string | undefined,
  use: (read: nn.ReadParameter) => Promise<T>,
): Promise<T> {
  if (weights === undefined) return use(randomParameters(SEED));
  await using file = await openWeights(weights);
  return await use((name) => readParameter(file, config, name));
}

/** A configuration for images of another size: more or fewer patches. */
export const resized = (config: ModelConfig, imageSize: number): ModelConfig => ({
  ...config,
  vision: { ...config.vision, imageSize },
  preprocess: { ...config.preprocess, size: imageSize },
});

/** The input of every tower: normalised pixels [1, 3, size, size]. */
export const towerPixels = (size: number): Float32Array => operand(1, 3 * size * size);

/** The matrix products of one pass of a tower, with their counts. */
export function towerProducts({ vision, embedDim }: ModelConfig): (Tasks["gemm"] & { count: number })[] {
  const { width, mlpWidth, layers, patch } = vision;
  const patches = gridSize(vision) ** 2;
  const tokens = patches + 1;
  const afterAttention = (m: number, count: number) => [
    { m, k: width, n: width, count },
    { m, k: width, n: mlpWidth, count },
    { m, k: mlpWidth, n: width, count },
  ];
  return [
    { m: patches, k: 3 * patch * patch, n: width, count: 1 },
    { m: tokens, k: width, n: 3 * width, count: layers },
    ...afterAttention(tokens, layers - 1),
    // Only the class token of the last block is used.
    ...afterAttention(1, 1),
    ...(vision.proj ? [{ m: 1, k: width, n: embedDim, count: 1 }] : []),
  ];
}

/** Operations of one pass: those of the products and of attention, a multiply-add counting as two. */
export function towerOperations(config: ModelConfig): number {
  const { width, layers } = config.vision;
  const tokens = gridSize(config.vision) ** 2 + 1;
  const attention = 4 * width * tokens * (tokens * (layers - 1) + 1);
  return attention + operationsOf(towerProducts(config));
}

/** Sides of WinCLIP's windows, in patches. */
export const SIDES = [2, 3];

/**
 * Operations of the windows of one image beyond those of `towerOperations`: the first block's projection of each token once, no more
 * than the class token after the last attention.
 */
export function windowOperations({ vision, embedDim }: ModelConfig): number {
  const { width, mlpWidth, layers } = vision;
  const side = gridSize(vision);
  const windows = SIDES.map((each) => ({ count: (side - each + 1) ** 2, tokens: 1 + each ** 2 }));
  const total = (of: (tokens: number) => number) =>
    windows.reduce((sum, each) => sum + each.count * of(each.tokens), 0);
  const [count, rows] = [total(() => 1), total((tokens) => tokens)];
  const pairs = total((tokens) => tokens * (tokens * (layers - 1) + 1));
  const afterAttention = 2 * width * (width + 2 * mlpWidth);
  const projections = 6 * width * width * (side ** 2 + 1 + rows * (layers - 1));
  const ends = afterAttention * (rows * (layers - 1) + count) + 2 * width * embedDim * count;
  return projections + ends + 4 * width * pairs;
}

/** Operations of products. */
export const operationsOf = (products: ReturnType<typeof towerProducts>): number =>
  products.reduce((sum, { m, k, n, count }) => sum + 2 * m * k * n * count, 0);

/** The given DeiT-Tiny checkpoint, or one that has been downloaded. */
export async function findDeit(asked: string | undefined): Promise<string | undefined> {
  return asked ?? (await resolveModel("deit-tiny").catch(() => undefined))?.weights;
}
