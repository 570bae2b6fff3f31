import { reshape, slice, type Tensor } from "@inctrl/tensor";

/**
 * Of rows that lie block after block, some blocks to a group, the block at one place of every group.
 *
 * @param rows [groups * blocks * n, width].
 * @returns [groups * n, width].
 * @example
 * blocksAt(rows, views, 8, 0); // of views in 8 symmetries, the patches as they are
 */
export function blocksAt(rows: Tensor, groups: number, blocks: number, place: number): Tensor {
  const width = rows.shape[1];
  const shown = reshape(rows, [groups, blocks, -1, width]);
  return reshape(slice(shown, [null, [place, place + 1]]), [-1, width]);
}
