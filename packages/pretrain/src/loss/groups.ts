import {
  add,
  arange,
  argmax,
  expand,
  gather,
  matmul,
  mul,
  nearest,
  noGrad,
  normalize,
  reshape,
  scope,
  slice,
  sum,
  type Tensor,
  takeAlongAxis,
  tensor,
} from "@inctrl/tensor";
import type { CaptionedBatch } from "../data/batch.js";
import { PretrainError } from "../errors.js";

/** The number of groups in a batch. @throws PretrainError `batch` where it is not made of whole groups. */
export function groupsOf({ count, group, damaged }: CaptionedBatch): number {
  const groups = count / group;
  const isEven = group >= 4 && group % 2 === 0;
  if (!isEven || !Number.isInteger(groups) || !damaged.every((bad, i) => bad === (i % 2 === 1))) {
    throw new PretrainError(
      "batch",
      `${count} images in groups of ${group}; give whole groups of 4 or more, every other image of each damaged`,
    );
  }
  return groups;
}

/**
 * Cosines between every patch of a group's images and every patch of its first image, which is good.
 *
 * @param patches [groups * group, patches, width].
 * @returns [groups, group * patches, patches].
 */
export function groupCosines(patches: Tensor, groups: number): Tensor {
  const [images, each, width] = patches.shape as [number, number, number];
  const all = reshape(normalize(patches), [groups, (images / groups) * each, width]);
  return matmul(all, slice(all, [null, [0, each]]), { transposeB: true });
}

/**
 * The largest cosine of every patch to the patches of its group's good images, without its own image. Gradients flow through
 * the chosen pair; the cosines of other pairs are never stored.
 *
 * @param patches [groups * group, patches, width].
 * @returns [groups, group, patches].
 */
export function groupNearest(patches: Tensor, groups: number): Tensor {
  const [images, each, width] = patches.shape as [number, number, number];
  const group = images / groups;
  const prompts = group / 2;
  const unit = reshape(normalize(patches), [groups, prompts, 2, each, width]);
  const shown = reshape(slice(unit, [null, null, [0, 1]]), [groups, prompts, each, width]);
  const chosen = noGrad(() =>
    scope(() => {
      const query = expand(reshape(unit, [groups, 1, group * each, width]), [
        groups,
        prompts,
        group * each,
        width,
      ]);
      const { similarity, index } = nearest(query, shown);
      // An image is not its own prompt. Images 0, 2, ... are prompts 0, 1, ...
      const own = Float32Array.from({ length: prompts * group }, (_, i) =>
        i % group === 2 * Math.floor(i / group) ? -4 : 0,
      );
      const byPrompt = reshape(similarity, [groups, prompts, group, each]);
      const best = argmax(add(byPrompt, tensor(patches.device, own, [prompts, group, 1])), 1, {
        keepDims: true,
      });
      const place = takeAlongAxis(reshape(index, byPrompt.shape), best, 1);
      const first = mul(arange(patches.device, groups, "int32"), prompts * each);
      return add(add(place, mul(best, each)), reshape(first, [groups, 1, 1, 1]));
    }),
  );
  const pairs = gather(reshape(shown, [-1, width]), reshape(chosen, [groups, group, each]));
  return sum(mul(reshape(unit, [groups, group, each, width]), pairs), -1);
}
