import {
  add,
  avgPool2d,
  concat,
  conv2d,
  type Device,
  type HoldsTensors,
  mean,
  mul,
  reshape,
  resizeBilinear,
  scope,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { asImages, asPatches, type Grid } from "../maps/grid.js";

export interface EmbeddingOptions {
  /**
   * `pool` (paper and official program): every layer's neighbourhood is averaged along its vector to `pretrainDim` values, and the layers'
   * vectors laid end to end to `targetDim`. `concat` (anomalib): neighbourhoods are averaged over their places, layers laid end to end.
   */
  readonly embedding?: "pool" | "concat";
  /** Default 1024. */
  readonly pretrainDim?: number;
  /** Default 1024. */
  readonly targetDim?: number;
  /** Side of a neighbourhood, odd. Default 3. */
  readonly patchSize?: number;
}

/** Layers as locally aware patch features (paper, section 3.1). */
export interface Embedder extends HoldsTensors, Disposable {
  dispose(): void;
  /** Values of a patch. */
  readonly width: number;
  /**
   * Neighbourhoods are padded with zeros, and pooled before deeper layers are brought to the first one's grid: pooling along
   * channels and bilinear upsampling commute, upsampling and neighbourhoods do not.
   *
   * @param layers [views, rows * columns, width] each, of their grids.
   * @returns [views, positions of the first grid, width].
   */
  embed(layers: readonly Tensor[], grids: readonly Grid[]): Tensor;
}

/**
 * Makes the embedding of layers of these widths.
 *
 * @example
 * using embedder = openEmbedder(device, [512, 1024]);
 * const patches = embedder.embed(layers, grids); // [views, 784, 1024]
 */
export function openEmbedder(
  device: Device,
  widths: readonly number[],
  { embedding = "pool", pretrainDim = 1024, targetDim = 1024, patchSize = 3 }: EmbeddingOptions = {},
): Embedder {
  const closed =
    pretrainDim === targetDim && patchSize === 3 && widths.join() === `${targetDim / 2},${targetDim}`;
  const weights =
    embedding === "concat" || closed
      ? []
      : poolingWeights(widths, pretrainDim, targetDim, patchSize ** 2).map((values, i) =>
          tensor(device, values, [targetDim, widths[i], patchSize, patchSize]),
        );
  const around = { stride: 1, padding: (patchSize - 1) / 2 };
  const local = (image: Tensor) => avgPool2d(image, patchSize, around);
  const run = (images: readonly Tensor[], to: (image: Tensor) => Tensor): Tensor => {
    if (embedding === "concat")
      return concat(
        images.map((image) => to(local(image))),
        1,
      );
    if (closed) return closedForm(images, local, to);
    return images.map((image, i) => to(conv2d(image, weights[i], around))).reduce(add);
  };
  const dispose = () => {
    for (const each of weights) each.dispose();
  };
  return {
    width: embedding === "concat" ? widths.reduce((a, b) => a + b) : targetDim,
    embed: (layers, grids) =>
      scope(() => {
        const { rows, columns } = grids[0];
        const images = layers.map((layer, i) => asImages(layer, grids[i]));
        const to = (x: Tensor) =>
          x.shape[2] === rows && x.shape[3] === columns ? x : resizeBilinear(x, [rows, columns]);
        return asPatches(run(images, to));
      }),
    tensors: () => weights,
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/**
 * The embedding of n / 2 and n channels at n values, as of 512 and 1024 by default. 4608 values become 1024 by windows of 5 that share a
 * value, two for each channel, which are averaged: the sum of the neighbourhood and its centre once more, over 10. 9216 values become
 * 1024 neighbourhood means, which are averaged in pairs.
 */
function closedForm(
  [first, second]: readonly Tensor[],
  local: (x: Tensor) => Tensor,
  to: (x: Tensor) => Tensor,
) {
  const [views, channels, rows, columns] = second.shape;
  const pairs = mean(reshape(local(second), [views, channels / 2, 2, rows, columns]), 2);
  return concat([add(mul(local(first), 0.9), mul(first, 0.1)), to(pairs)], 1);
}

/** The windows of adaptive average pooling of `length` values to `count`: first and past the last value of each. */
export const adaptiveWindows = (length: number, count: number): (readonly [start: number, end: number])[] =>
  Array.from({ length: count }, (_, i) => [
    Math.floor((i * length) / count),
    Math.ceil(((i + 1) * length) / count),
  ]);

/** Both poolings as one banded matrix for each layer, [targetDim, width * area], row by row. */
export function poolingWeights(
  widths: readonly number[],
  pretrainDim: number,
  targetDim: number,
  area: number,
): Float32Array[] {
  const last = adaptiveWindows(pretrainDim * widths.length, targetDim);
  return widths.map((width, layer) => {
    const length = width * area;
    const first = adaptiveWindows(length, pretrainDim);
    const weights = new Float64Array(targetDim * length);
    for (const [row, [start, end]] of last.entries()) {
      const from = Math.max(start, layer * pretrainDim);
      const to = Math.min(end, (layer + 1) * pretrainDim);
      for (let i = from; i < to; i++) {
        const [low, high] = first[i - layer * pretrainDim];
        for (let at = low; at < high; at++) weights[row * length + at] += 1 / ((end - start) * (high - low));
      }
    }
    return Float32Array.from(weights);
  });
}
