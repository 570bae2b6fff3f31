import { add, type Device, max, reshape, scope, type Tensor, tensor, zeros } from "@inctrl/tensor";
import { fuse } from "../fusion.js";
import type { HeadsModule } from "../head-modules.js";
import { type FocalOptions, focalLoss } from "./focal.js";

/** What the heads see of a batch, row by row; all of it is frozen. */
export interface FrozenBatch {
  /** Class features of the queries, [batch, embedDim]. */
  readonly features: Float32Array;
  /** Class features of each query's own prompts, [batch, shots, embedDim]. */
  readonly prompts: Float32Array;
  /** M, [batch, patches]. */
  readonly map: Float32Array;
  /** s_a, [batch]; null without text. */
  readonly text: Float32Array | null;
}

/** The same on the device. */
export interface BatchInputs {
  features: Tensor;
  prompts: Tensor;
  map: Tensor;
  text: Tensor | null;
}

/** Puts a batch on the device. */
export function uploadBatch(device: Device, batch: number, frozen: FrozenBatch): BatchInputs {
  const { features, prompts, map, text } = frozen;
  const embedDim = features.length / batch;
  return scope(() => ({
    features: tensor(device, features, [batch, embedDim]),
    prompts: reshape(tensor(device, prompts), [batch, -1, embedDim]),
    map: tensor(device, map, [batch, map.length / batch]),
    text: text && tensor(device, text),
  }));
}

/** s_i and the final score of a batch, each query with prompts of its own; [batch] each. */
export function scoreBatch(
  heads: HeadsModule,
  { features, prompts, map, text }: BatchInputs,
  alpha: number,
): { imageScore: Tensor | null; score: Tensor } {
  return scope(() => {
    const promptFeature = heads.form === "paper" ? heads.promptFeature(prompts) : null;
    const known = { features, map, residual: max(map, 1), textScore: text, promptFeature };
    const { imageScore, score } = fuse(heads, known, alpha);
    return { imageScore, score };
  });
}

export interface Losses {
  /** L_h + L_IRL, what is minimised. */
  loss: Tensor;
  /** Of the final score. */
  final: Tensor;
  /** Of s_i; 0 for heads that have none. */
  image: Tensor;
}

/** The training loss: focal of the final score plus focal of s_i, 1:1 (paper, eq. 10). */
export function batchLosses(
  { score, imageScore }: { score: Tensor; imageScore: Tensor | null },
  labels: Tensor,
  options: FocalOptions = {},
): Losses {
  return scope(() => {
    const final = focalLoss(score, labels, options);
    const image = imageScore ? focalLoss(imageScore, labels, options) : zeros(labels.device, []);
    return { loss: add(final, image), final, image };
  });
}
