import { add, log, max, mul, reshape, slice, sub, sum, type Tensor, tensor } from "@inctrl/tensor";
import { type CaptionedBatch, GROUP, patchTargets } from "./batch.js";
import { softplus } from "./softplus.js";

/** Residuals below this are as good as equal. */
const FLOOR = 1e-3;
/** How fast certainty grows with the logarithm of the residual: slowly enough that order pays more than evenness. */
const SHARPNESS = 1;

/**
 * Asks of patches what InCTRL's residual map asks (the paper's equations 4 and 5): every image of a group is compared with the
 * good images of its group, itself left out. Half of the loss is each patch's, by whether a defect covers it; the other half is
 * each good image's largest residual against those of the group's defects, which is AUROC made smooth.
 *
 * Residuals are told apart by their logarithms, and against the middle of their own group: AUROC asks for order alone. With a
 * fixed middle (0.25, sharpness 20) the loss fell from 1.2 to 0.9 in 1,000 steps by widening all residuals alike, and AUROC fell
 * with it; so, it rises from the first steps on.
 *
 * @param cosines of each tapped block, from `groupCosines`.
 * @param patch pixels a side of a patch.
 */
export function residualLoss(cosines: readonly Tensor[], batch: CaptionedBatch, patch: number): Tensor {
  const residuals = meanResidual(cosines);
  const groups = residuals.shape[0]!;
  const { device, shape } = residuals;
  const constant = (values: Float32Array) => tensor(device, values, shape);
  const { labels, weights } = patchTargets(batch, patch);
  const logs = log(add(residuals, FLOOR));
  const middles = sum(mul(logs, constant(middleShares(labels, weights, groups))), [1, 2], { keepDims: true });
  const signs = constant(labels.map((label) => -label));
  const doubts = softplus(mul(mul(sub(logs, middles), SHARPNESS), signs));
  const byPatch = sum(mul(doubts, constant(weights)));

  const defects = mul(residuals, constant(labels.map((label) => (label > 0 ? 1 : 0))));
  const good = logOfLargest(residuals, 0, [groups, 2, 1]);
  const damaged = logOfLargest(defects, 1, [groups, 1, 2]);
  const byImage = mul(sum(softplus(mul(sub(good, damaged), SHARPNESS))), 1 / (4 * groups));
  return mul(add(byPatch, byImage), 0.5);
}

/** Logarithms of the largest residual of each group's good (0) or damaged (1) images. */
function logOfLargest(residuals: Tensor, state: 0 | 1, shape: readonly number[]): Tensor {
  const [groups, , patches] = residuals.shape as [number, number, number];
  const pairs = reshape(residuals, [groups, 2, 2, patches]);
  const largest = max(slice(pairs, [null, null, [state, state + 1]]), [2, 3]);
  return reshape(log(add(largest, FLOOR)), shape);
}

/** What each patch is of the middle between its group's good and damaged ones. */
function middleShares(labels: Float32Array, weights: Float32Array, groups: number): Float32Array {
  const each = labels.length / groups;
  const totals = new Map<number, number>();
  const side = (i: number) => labels[i]! * (1 + Math.floor(i / each));
  for (const [i, weight] of weights.entries()) totals.set(side(i), (totals.get(side(i)) ?? 0) + weight);
  return weights.map((weight, i) => (weight === 0 ? 0 : weight / (2 * totals.get(side(i))!)));
}

/** Half of 1 - the largest cosine, mean over the blocks: [groups, GROUP, patches]. */
function meanResidual(cosines: readonly Tensor[]): Tensor {
  const maps = cosines.map((each) => {
    const [groups, , twice] = each.shape as [number, number, number];
    const patches = twice / 2;
    const byPrompt = max(reshape(each, [groups, GROUP, patches, 2, patches]), 4);
    // No image is its own prompt: images 0 and 2 are prompts 0 and 1.
    const self = Float32Array.from({ length: 2 * GROUP }, (_, i) => (i === 0 || i === 5 ? -4 : 0));
    return max(add(byPrompt, tensor(each.device, self, [GROUP, 1, 2])), 3);
  });
  const total = maps.reduce((all, map) => add(all, map));
  return sub(0.5, mul(total, 0.5 / maps.length));
}
