import { add, matmul, mul, reshape, scope, sigmoid, type Tensor, tensor, topk } from "@inctrl/tensor";

/** First rank of each bin, and the end of the last, for 196 patches; other grids have them in proportion. */
const EDGES = [0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 49, 66, 89, 120, 160, 196];
/** Brings residuals, mostly 0.02 to 0.3, to the order of 1. */
const SCALE = 10;

export const RANK_BINS = EDGES.length - 1;

/**
 * Means of a map's values over bins of ranks, times 10. Bins are narrow where values are large and wide where they are small.
 * The place of a defect does not change them, nor does the size of the grid.
 *
 * @param map M or M+, [batch, patches].
 * @returns [batch, RANK_BINS], the largest values first.
 */
export function rankMeans(map: Tensor): Tensor {
  const patches = map.shape[1];
  return scope(() =>
    matmul(topk(map, patches).values, tensor(map.device, binMatrix(patches), [patches, RANK_BINS])),
  );
}

/**
 * phi of the monotone form: the sigmoid of a weighted sum of `rankMeans`. The weights are squares and so never negative: phi does
 * not fall where a residual rises.
 *
 * @param roots square roots of the weights, [RANK_BINS].
 * @param bias [1].
 * @returns [batch].
 */
export function monotonePhi(map: Tensor, roots: Tensor, bias: Tensor): Tensor {
  return scope(() => {
    const weights = reshape(mul(roots, roots), [RANK_BINS, 1]);
    return reshape(sigmoid(add(matmul(rankMeans(map), weights), bias)), [map.shape[0]]);
  });
}

/** What makes `rankMeans` of a map's values by rank: a matrix, [patches, bins]. */
export const rankMatrix = (patches: number): { readonly matrix: Float32Array; readonly bins: number } => ({
  matrix: binMatrix(patches),
  bins: RANK_BINS,
});

function binMatrix(patches: number): Float32Array {
  const matrix = new Float32Array(patches * RANK_BINS);
  for (let bin = 0; bin < RANK_BINS; bin++) {
    const at = (edge: number) => Math.round((edge * patches) / EDGES[RANK_BINS]);
    // Every bin has at least one patch; on a small grid neighbouring bins share one.
    const start = Math.min(at(EDGES[bin]), patches - 1);
    const end = Math.max(start + 1, at(EDGES[bin + 1]));
    for (let rank = start; rank < end; rank++) matrix[rank * RANK_BINS + bin] = SCALE / (end - start);
  }
  return matrix;
}
