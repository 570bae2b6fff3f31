import { pythonSample } from "@inctrl/datasets";
import { concat, gather, scope, type Tensor } from "@inctrl/tensor";
import { type Grid, repeatPatches } from "../maps/grid.js";

/**
 * The channels that PaDiM keeps, in rising order (distances do not depend on it): those that CPython's `random` draws. The usual
 * program takes seed 1024, 100 of the 448 of ResNet-18 and 550 of the 1792 of Wide-ResNet-50-2.
 */
export const chooseChannels = (total: number, count: number, seed: number): number[] =>
  pythonSample(total, count, seed).sort((a, b) => a - b);

/** How many channels are kept by default. */
export const defaultChannels = (total: number): number => (total === 448 ? 100 : Math.min(550, total));

/**
 * Layers laid end to end at the first one's grid, deeper ones by repeating (paper, section III-A).
 *
 * @param layers [views, rows * columns, width] each, of their grids.
 * @param channels of all widths laid end to end, rising; all by default.
 * @returns [views, positions, channels].
 */
export function embedLayers(
  layers: readonly Tensor[],
  grids: readonly Grid[],
  channels?: readonly number[],
): Tensor {
  let first = 0;
  return scope(() =>
    concat(
      layers.map((layer, i) => {
        const own = channels?.map((c) => c - first).filter((c) => c >= 0 && c < layer.shape[2]);
        first += layer.shape[2];
        return repeatPatches(own ? gather(layer, own, 2) : layer, grids[i], grids[0]);
      }),
      2,
    ),
  );
}
