import { matmul, normalize, reshape, slice, type Tensor } from "@inctrl/tensor";
import { ClipError } from "../errors.js";
import { type CaptionedBatch, GROUP } from "./batch.js";

/** How many groups a batch is made of. @throws ClipError `training` where it is not made of groups. */
export function groupsOf({ count, damaged }: CaptionedBatch): number {
  const groups = count / GROUP;
  if (!Number.isInteger(groups) || !damaged.every((bad, i) => bad === (i % 2 === 1))) {
    throw new ClipError(
      "training",
      `residual loss: ${count} images; give groups of ${GROUP}, every other image of each damaged`,
    );
  }
  return groups;
}

/**
 * Cosines of every patch of a group's images to every patch of its good ones.
 *
 * @param patches [groups * GROUP, patches, width].
 * @returns [groups, GROUP * patches, 2 * patches].
 */
export function groupCosines(patches: Tensor, groups: number): Tensor {
  const [, each, width] = patches.shape as [number, number, number];
  const unit = normalize(patches);
  const shown = slice(reshape(unit, [groups, 2, 2, each, width]), [null, null, [0, 1]]);
  const prompts = reshape(shown, [groups, 2 * each, width]);
  return matmul(reshape(unit, [groups, GROUP * each, width]), prompts, { transposeB: true });
}
