import { add, max, mean, mul, scope, type Tensor, topk } from "@inctrl/tensor";

/** Patch residuals: half of 1 - cosine, from 0 (equal) to 1 (opposite) (paper, eq. 2). Any shape. */
export const patchResidual = (similarity: Tensor): Tensor => scope(() => add(mul(similarity, -0.5), 0.5));

/**
 * The residual map M: patch residuals, mean over the blocks (paper, eq. 3).
 *
 * @param similarity cosine of each patch to the most similar prompt patch, [views, blocks, patches].
 * @returns [views, patches].
 */
export const residualMap = (similarity: Tensor): Tensor => scope(() => mean(patchResidual(similarity), 1));

/** How a map becomes s_p: its largest value (the paper), or the mean of the K largest, as `top10`. */
export type Aggregate = "max" | `top${number}`;

/** How many of the largest patches an aggregate is the mean of; null for text that is no aggregate. */
export function largestOf(aggregate: Aggregate, patches: number): number | null {
  const largest = aggregate === "max" ? 1 : Number(aggregate.slice(3));
  return Number.isInteger(largest) && largest >= 1 && largest <= patches ? largest : null;
}

/** s_p: the mean of the largest values of each map, [views, patches] to [views]; the maximum for `largest` 1. */
export const aggregateMap = (map: Tensor, largest: number): Tensor =>
  largest === 1 ? max(map, 1) : scope(() => mean(topk(map, largest).values, 1));
