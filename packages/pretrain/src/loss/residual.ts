import { add, log, max, mean, mul, reshape, slice, sub, sum, type Tensor, tensor } from "@inctrl/tensor";
import { type CaptionedBatch, patchTargets } from "../data/batch.js";
import { groupNearest, groupsOf } from "./groups.js";
import { softplus } from "./softplus.js";

/** Residuals below this count as equal. */
const FLOOR = 1e-3;
/** The slope of the logistic loss in the logarithm of a patch's residual. A small slope rewards order more than even values. */
const SHARPNESS = 1;
/** The same for pairs of images. A steep slope gives pairs that are nearly in order the largest weight. */
const ORDER_SHARPNESS = 3;

/**
 * The loss of InCTRL's patch residuals (paper, equations 4 and 5). Every image of a group is compared with the group's other good
 * images. Half of the loss classifies each patch by whether a defect covers it. The other half orders each good image's largest
 * residual against those of the group's defects, which is a smooth AUROC.
 *
 * Residuals are compared by their logarithms with the middle of their own group, since AUROC depends on order only. With a fixed
 * middle (0.25, sharpness 20) the loss fell from 1.2 to 0.9 in 1,000 steps because all residuals grew alike, while AUROC fell. With
 * the group's middle, AUROC rises from the first steps.
 *
 * @param taps patches of each tapped block, [count, patches, width].
 * @param patch pixels a side of a patch.
 */
export function residualLoss(taps: readonly Tensor[], batch: CaptionedBatch, patch: number): Tensor {
  const groups = groupsOf(batch);
  const residuals = meanResidual(taps, groups);
  const { device, shape } = residuals;
  const constant = (values: Float32Array) => tensor(device, values, shape);
  const { labels, weights } = patchTargets(batch, patch);
  const logs = log(add(residuals, FLOOR));
  const middles = sum(mul(logs, constant(middleShares(labels, weights, groups))), [1, 2], { keepDims: true });
  const signs = constant(labels.map((label) => -label));
  const doubts = softplus(mul(mul(sub(logs, middles), SHARPNESS), signs));
  const byPatch = sum(mul(doubts, constant(weights)));

  const defects = mul(residuals, constant(labels.map((label) => (label > 0 ? 1 : 0))));
  const good = logOfLargest(residuals, 0);
  const damaged = reshape(logOfLargest(defects, 1), [groups, 1, -1]);
  const byImage = mean(softplus(mul(sub(good, damaged), ORDER_SHARPNESS)));
  return mul(add(byPatch, byImage), 0.5);
}

/** Logarithms of the largest residual of each group's good (0) or damaged (1) images: [groups, group / 2, 1]. */
function logOfLargest(residuals: Tensor, state: 0 | 1): Tensor {
  const [groups, group, patches] = residuals.shape as [number, number, number];
  const pairs = reshape(residuals, [groups, group / 2, 2, patches]);
  const largest = max(slice(pairs, [null, null, [state, state + 1]]), 3);
  return log(add(largest, FLOOR));
}

/** The weight of each patch in its group's middle: good and damaged patches have half of the weight each. */
function middleShares(labels: Float32Array, weights: Float32Array, groups: number): Float32Array {
  const each = labels.length / groups;
  const totals = new Map<number, number>();
  const side = (i: number) => labels[i] * (1 + Math.floor(i / each));
  for (const [i, weight] of weights.entries()) totals.set(side(i), (totals.get(side(i)) ?? 0) + weight);
  return weights.map((weight, i) => (weight === 0 ? 0 : weight / (2 * totals.get(side(i))!)));
}

/** Half of 1 - the largest cosine, mean over the blocks: [groups, group, patches]. */
function meanResidual(taps: readonly Tensor[], groups: number): Tensor {
  const total = taps.map((tap) => groupNearest(tap, groups)).reduce((all, map) => add(all, map));
  return sub(0.5, mul(total, 0.5 / taps.length));
}
