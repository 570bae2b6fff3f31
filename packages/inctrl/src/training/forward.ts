import { add, type Device, max, reshape, scope, type Tensor, tensor, zeros } from "@inctrl/tensor";
import { fuse } from "../fusion.js";
import type { HeadsModule } from "../head-modules.js";
import { focalLoss, type LossForm } from "./focal.js";

/** What the heads see of a batch, row by row; all of it is frozen. */
export interface FrozenBatch {
  readonly batch: number;
  /** Class features of the queries, [batch, embedDim]. */
  readonly features: Float32Array;
  /** Class features of each query's own prompts, [batch, shots, embedDim]. */
  readonly prompts: Float32Array;
  /** M, [batch, patches]. */
  readonly map: Float32Array;
  /** s_a, [batch]; null without text. */
  readonly text: Float32Array | null;
}

/** s_i and the final score of a batch of queries, each with prompts of its own; [batch] each. */
export function scoreBatch(
  device: Device,
  heads: HeadsModule,
  { batch, features, prompts, map, text }: FrozenBatch,
  alpha: number,
): { imageScore: Tensor | null; score: Tensor } {
  const embedDim = features.length / batch;
  return scope(() => {
    const promptFeature =
      heads.form === "paper"
        ? heads.promptFeature(reshape(tensor(device, prompts), [batch, -1, embedDim]))
        : null;
    const residualMap = tensor(device, map, [batch, map.length / batch]);
    const known = {
      features: tensor(device, features, [batch, embedDim]),
      map: residualMap,
      residual: max(residualMap, 1),
      textScore: text && tensor(device, text),
      promptFeature,
    };
    const { imageScore, score } = fuse(heads, known, alpha);
    return { imageScore, score };
  });
}

/**
 * The training loss: focal of the final score (L_h) plus focal of s_i (L_IRL), 1:1 (paper, eq. 10).
 *
 * @returns one value each; `image` is 0 for heads without s_i.
 */
export function batchLosses(
  { score, imageScore }: { score: Tensor; imageScore: Tensor | null },
  labels: Tensor,
  form: LossForm,
): { loss: Tensor; final: Tensor; image: Tensor } {
  return scope(() => {
    const final = focalLoss(score, labels, form);
    const image = imageScore ? focalLoss(imageScore, labels, form) : zeros(labels.device, []);
    return { loss: add(final, image), final, image };
  });
}
