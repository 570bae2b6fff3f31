import { add, type Device, max, reshape, scope, type Tensor, tensor, zeros } from "@inctrl/tensor";
import type { Component } from "../components.js";
import { combine } from "../fusion.js";
import type { HeadsModule } from "../head-modules.js";
import { focalLoss, type LossForm } from "./focal.js";

/** What the heads see of a batch, row by row; all of it is frozen. */
export interface FrozenBatch {
  readonly batch: number;
  /** Class features of the queries, [batch, embedDim]. */
  readonly features: Float32Array;
  /** Class features of each query's own prompts, [batch, shots, embedDim]. */
  readonly prompts: Float32Array;
  /** M, [batch, patches], or for heads that join patches what it is made of. */
  readonly map: Float32Array | JoinedPatches;
  /** s_a, [batch]; null without text. */
  readonly text: Float32Array | null;
}

/** The patches of a batch, block by block [batch, patches, width]. */
export interface JoinedPatches {
  readonly patches: number;
  readonly queries: readonly Float32Array[];
  /** Means over each query's own prompts. */
  readonly prompts: readonly Float32Array[];
}

/**
 * Scores of a batch of queries, each with prompts of its own.
 *
 * @param components what the score is made of; those without heads or text must be left out.
 * @returns s_i (null where the score has none, or is s_i itself), s_p and the final score, [batch] each.
 */
export function scoreBatch(
  device: Device,
  heads: HeadsModule,
  { batch, features, prompts, map: known, text }: FrozenBatch,
  components: ReadonlySet<Component>,
  alpha: number,
): { imageScore: Tensor | null; residual: Tensor; score: Tensor } {
  const embedDim = features.length / batch;
  return scope(() => {
    const promptFeature = components.has("I")
      ? heads.promptFeature(reshape(tensor(device, prompts), [batch, -1, embedDim]))
      : null;
    const map =
      "queries" in known
        ? joinedMap(device, heads, batch, known)
        : reshape(tensor(device, known), [batch, -1]);
    const residual = max(map, 1);
    const textScore = components.has("T") && text ? tensor(device, text) : null;
    const inputs = { features: tensor(device, features, [batch, embedDim]), map, residual, textScore };
    const { imageScore, score } = combine(heads, { ...inputs, promptFeature }, components, alpha);
    return { imageScore: components.size === 1 ? null : imageScore, residual, score };
  });
}

function joinedMap(device: Device, heads: HeadsModule, batch: number, known: JoinedPatches): Tensor {
  const blocks = (rows: readonly Float32Array[]) =>
    rows.map((values) => reshape(tensor(device, values), [batch, known.patches, -1]));
  return heads.joinedMap(blocks(known.queries), blocks(known.prompts));
}

/**
 * The training loss: focal of the final score (L_h) plus focal of s_i (L_IRL), 1:1 (paper, eq. 10).
 *
 * @returns one value each; `image` is 0 where there is no s_i beside the score.
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
