import {
  add,
  concat,
  log,
  matmul,
  max,
  mul,
  normalize,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { ClipError } from "../errors.js";
import { type CaptionedBatch, GROUP, patchTargets } from "./batch.js";
import { softplus } from "./softplus.js";

/** Keeps logarithms of residuals near 0 apart from each other no more than they are worth. */
const FLOOR = 1e-3;
/** How fast certainty grows with the logarithm of the residual. */
const SHARPNESS = 3;

/** What is compared with a group's good images: its own four images, and good ones of the next group. */
const QUERIES = GROUP + 2;

/**
 * Asks of patches what InCTRL's residual map asks (the paper's equations 4 and 5): every image of a group is compared with the
 * good images of its group, itself left out. Half of the loss is each patch's, by whether a defect covers it; the other half is
 * each good image's largest residual against that of each anomalous one, which is AUROC made smooth. Good images of another group
 * are anomalous as a whole.
 *
 * @param taps patch tokens with the class token, [count, 1 + patches, width] each.
 * @param patch pixels a side of a patch.
 * @throws ClipError `training` where the batch is not made of groups, or of one alone.
 */
export function residualLoss(taps: readonly Tensor[], batch: CaptionedBatch, patch: number): Tensor {
  const { count } = batch;
  const groups = count / GROUP;
  const isGrouped = Number.isInteger(groups) && batch.damaged.every((bad, i) => bad === (i % 2 === 1));
  if (!isGrouped || groups < 2) {
    throw new ClipError(
      "training",
      `residual loss: ${count} images; give at least two groups of ${GROUP}, every other image of each damaged`,
    );
  }
  const residuals = meanResidual(taps, groups);
  const patches = residuals.shape[2];
  const device = residuals.device;
  const own = slice(residuals, [null, [0, GROUP]]);
  const { labels, weights } = patchTargets(batch, patch);
  const signs = tensor(
    device,
    labels.map((label) => -label),
    own.shape,
  );
  const logs = log(add(own, FLOOR));
  const middles = middleOf(logs, labels, weights, groups);
  const certain = mul(mul(sub(logs, middles), SHARPNESS), signs);
  const byPatch = sum(mul(softplus(certain), tensor(device, weights, own.shape)));

  // By pair of a group: a good image, then a damaged one.
  const pairs = reshape(own, [groups, 2, 2, patches]);
  const good = max(slice(pairs, [null, null, [0, 1]]), [2, 3]);
  const outside = Float32Array.from(labels, (label) => (label > 0 ? 1 : 0));
  const covered = mul(pairs, tensor(device, outside, pairs.shape));
  const anomalous = max(slice(covered, [null, null, [1, 2]]), [2, 3]);
  const logOf = (x: Tensor, shape: number[]) => reshape(log(add(x, FLOOR)), shape);
  const ahead = sub(logOf(good, [groups, 2, 1]), logOf(anomalous, [groups, 1, 2]));
  const byImage = mul(sum(softplus(mul(ahead, SHARPNESS))), 1 / (4 * groups));
  return mul(add(byPatch, byImage), 0.5);
}

/** Half way between a group's good and damaged patches, on average: [groups, 1, 1]. */
function middleOf(logs: Tensor, labels: Float32Array, weights: Float32Array, groups: number): Tensor {
  const each = labels.length / groups;
  const shares = new Float32Array(labels.length);
  for (let g = 0; g < groups; g++) {
    for (const label of [1, -1]) {
      let total = 0;
      for (let i = g * each; i < (g + 1) * each; i++) if (labels[i] === label) total += weights[i]!;
      for (let i = g * each; i < (g + 1) * each; i++)
        if (labels[i] === label && total > 0) shares[i] = weights[i]! / (2 * total);
    }
  }
  return sum(mul(logs, tensor(logs.device, shares, logs.shape)), [1, 2], { keepDims: true });
}

/** Half of 1 - the largest cosine, mean over the blocks: [groups, QUERIES, patches]. */
function meanResidual(taps: readonly Tensor[], groups: number): Tensor {
  const maps = taps.map((tap) => {
    const [, tokens, width] = tap.shape as [number, number, number];
    const patches = tokens - 1;
    const unit = normalize(slice(tap, [null, [1, tokens]]));
    const shown = slice(reshape(unit, [groups, 2, 2, patches, width]), [null, null, [0, 1]]);
    const prompts = reshape(shown, [groups, 2 * patches, width]);
    const strangers = concat([slice(prompts, [[1, groups]]), slice(prompts, [[0, 1]])], 0);
    const queries = concat([reshape(unit, [groups, GROUP * patches, width]), strangers], 1);
    const cosines = matmul(queries, prompts, { transposeB: true });
    const byPrompt = max(reshape(cosines, [groups, QUERIES, patches, 2, patches]), 4);
    // No image is its own prompt: images 0 and 2 are prompts 0 and 1.
    const self = Float32Array.from({ length: 2 * QUERIES }, (_, i) => (i === 0 || i === 5 ? -4 : 0));
    return max(add(byPrompt, tensor(tap.device, self, [QUERIES, 1, 2])), 3);
  });
  const total = maps.reduce((all, map) => add(all, map));
  return sub(0.5, mul(total, 0.5 / taps.length));
}
