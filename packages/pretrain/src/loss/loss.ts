import type { Clip, TextTransformer } from "@inctrl/clip";
import {
  add,
  exp,
  gather,
  logSoftmax,
  matmul,
  mul,
  neg,
  normalize,
  reshape,
  scope,
  slice,
  sub,
  sum,
  type Tensor,
  tensor,
  transpose,
} from "@inctrl/tensor";
import { type CaptionedBatch, matchTargets, patchTargets } from "../data/batch.js";
import type { BatchTexts } from "../data/texts.js";
import { appearanceLoss } from "./appearance.js";
import { residualLoss } from "./residual.js";
import { softplus } from "./softplus.js";

/** The parts of the loss, which `pretrainLoss` describes. */
export const LOSS_PARTS = ["match", "state", "patch", "residual", "appearance"] as const;
type LossPart = (typeof LOSS_PARTS)[number];

/** Weights of the parts of the loss. `residual` and `appearance` need batches of whole groups. */
export type LossWeights = Readonly<Record<LossPart, number>>;

/** The loss and its parts, one value each. */
export type Losses<T = Tensor> = Readonly<Record<"loss" | LossPart, T>>;

/**
 * The loss of a step.
 *
 * - `match`: CLIP's contrastive loss, in which images of one class in one state share their captions.
 * - `state`: each image against two texts that differ in the state only, as in InCTRL's text score.
 * - `patch`: the same for each patch of the last block but one, whose patches the class token then reads; labelled by the mask.
 * - `residual`: the order of patch residuals against good images of the class, as in InCTRL's residual map.
 * - `appearance`: the similarity of patches in the tapped blocks against that of their grey values, colours and gradients.
 *
 * @param pixels normalised, [count, 3, size, size].
 */
export function pretrainLoss(
  clip: Clip,
  pixels: Tensor,
  batch: CaptionedBatch,
  texts: BatchTexts,
  weights: LossWeights,
): Losses {
  const { device, config } = clip;
  const { count } = batch;
  return scope(() => {
    const asked = [Math.max(1, config.vision.layers - 1), ...config.outBlocks];
    const { features, taps } = clip.vision.forward(pixels, { taps: asked });
    const images = normalize(features);
    const text = clip.text as TextTransformer;
    const words = normalize(text.forward(texts.ids));
    const scale = exp(text.logit_scale.value);
    const captions = gather(words, texts.caption);
    const logits = mul(matmul(images, captions, { transposeB: true }), scale);
    const targets = tensor(device, matchTargets(batch), [count, count]);
    const match = mul(add(crossEntropy(logits, targets), crossEntropy(transpose(logits), targets)), 0.5);

    // The direction from the flawless to the damaged text of each image's class.
    const axis = mul(sub(gather(words, texts.damaged), gather(words, texts.flawless)), scale);
    const signs = Float32Array.from(batch.damaged, (damaged) => (damaged ? 1 : -1));
    const labels = tensor(device, signs);
    const state = mul(sum(softplus(neg(mul(labels, sum(mul(images, axis), -1))))), 1 / count);
    const none = mul(state, 0);
    const patch = weights.patch > 0 ? patchLoss(clip, taps[0], axis, batch) : none;
    const patches = taps.slice(1).map(patchesOf);
    const { patch: side } = config.vision;
    const residual = weights.residual > 0 ? residualLoss(patches, batch, side) : none;
    const appearance =
      weights.appearance > 0 ? appearanceLoss(patches, batch, side, config.preprocess) : none;
    const parts = { match, state, patch, residual, appearance };
    const loss = LOSS_PARTS.map((name) => mul(parts[name], weights[name])).reduce((all, part) =>
      add(all, part),
    );
    return { loss, ...parts };
  });
}

/** Cross-entropy against targets that sum to 1 in each row, mean over the rows. */
function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return mul(sum(mul(logSoftmax(logits), targets)), -1 / logits.shape[0]);
}

/** Tokens without the class token. */
const patchesOf = (tap: Tensor): Tensor => slice(tap, [null, [1, tap.shape[1]]]);

function patchLoss(
  { device, config, vision }: Clip,
  tap: Tensor,
  axis: Tensor,
  batch: CaptionedBatch,
): Tensor {
  const joint = normalize(vision.project(patchesOf(tap)));
  const logits = sum(mul(joint, reshape(axis, [batch.count, 1, -1])), -1);
  const { labels, weights } = patchTargets(batch, config.vision.patch);
  const constant = (values: Float32Array) => tensor(device, values, logits.shape);
  const signed = mul(logits, constant(labels.map((label) => -label)));
  return sum(mul(softplus(signed), constant(weights)));
}
