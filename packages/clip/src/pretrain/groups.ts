import { matmul, normalize, reshape, slice, type Tensor } from "@inctrl/tensor";
import { ClipError } from "../errors.js";
import type { CaptionedBatch } from "./batch.js";

/** How many groups a batch is made of. @throws ClipError `training` where it is not made of groups. */
export function groupsOf({ count, group, damaged }: CaptionedBatch): number {
  const groups = count / group;
  const isEven = group >= 4 && group % 2 === 0;
  if (!isEven || !Number.isInteger(groups) || !damaged.every((bad, i) => bad === (i % 2 === 1))) {
    throw new ClipError(
      "training",
      `residual loss: ${count} images in groups of ${group}; give whole groups of 4 or more, every other image of each damaged`,
    );
  }
  return groups;
}

/**
 * Cosines of every patch of a group's images to every patch of its good ones.
 *
 * @param patches [groups * group, patches, width].
 * @returns [groups, group * patches, group / 2 * patches].
 */
export function groupCosines(patches: Tensor, groups: number): Tensor {
  const [images, each, width] = patches.shape as [number, number, number];
  const group = images / groups;
  const unit = normalize(patches);
  const shown = slice(reshape(unit, [groups, group / 2, 2, each, width]), [null, null, [0, 1]]);
  const prompts = reshape(shown, [groups, (group / 2) * each, width]);
  return matmul(reshape(unit, [groups, group * each, width]), prompts, { transposeB: true });
}
