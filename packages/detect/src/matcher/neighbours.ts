import { avgPool2d, normalize, reshape, scope, type Tensor } from "@inctrl/tensor";
import type { TapLayout } from "../backbone/backbone.js";

/**
 * Patches at length 1, averaged over the 3 x 3 around each: at a border over those of them that there are.
 *
 * @param patches row by row of each grid, [views, rows * columns, width], of any length.
 * @returns the same shape.
 */
export function averageNeighbours(
  patches: Tensor,
  { rows, columns }: Pick<TapLayout, "rows" | "columns">,
): Tensor {
  const [views, , width] = patches.shape;
  const around = { stride: 1, padding: 1, countPadding: false, channelsLast: true };
  return scope(() =>
    reshape(avgPool2d(reshape(normalize(patches), [views, rows, columns, width]), 3, around), patches.shape),
  );
}
