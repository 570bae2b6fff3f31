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

/** Weights of the parts of the loss. */
export interface LossWeights {
  /** CLIP's symmetric loss between images and captions. */
  readonly match: number;
  /** Each image's text for the flawless state against that for the damaged state. */
  readonly state: number;
  /** The same for each patch, labelled by the mask. */
  readonly patch: number;
  /** The order of patch residuals against good images of the class, as in InCTRL's residual map. Needs whole groups. */
  readonly residual: number;
  /** The similarity of patches against that of their grey values, colours and gradients. Needs whole groups. */
  readonly appearance: number;
}

/** The loss and its parts, one value each. */
export interface Losses {
  readonly loss: Tensor;
  readonly match: Tensor;
  readonly state: Tensor;
  readonly patch: Tensor;
  readonly residual: Tensor;
  readonly appearance: Tensor;
}

/**
 * The loss of a step. `match` is CLIP's contrastive loss, in which images of one class in one state share their captions. `state`
 * compares each image with two texts that differ in the state only, as InCTRL's text score does. `patch` does so for each patch of
 * the last block but one, whose patches the class token then reads. `residual` compares patches of the tapped blocks with those of
 * good images. `appearance` keeps the appearance of patches in the tapped blocks.
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
    const words = normalize(text.forward(texts.ids, texts.length));
    const scale = exp(text.logit_scale.value);
    const captions = gather(words, texts.caption);
    const logits = mul(matmul(images, captions, { transposeB: true }), scale);
    const targets = tensor(device, matchTargets(batch), [count, count]);
    const match = mul(add(crossEntropy(logits, targets), crossEntropy(transpose(logits), targets)), 0.5);

    // The direction from the flawless to the damaged text of each image's class.
    const axis = mul(sub(gather(words, texts.damaged), gather(words, texts.flawless)), scale);
    const labels = tensor(
      device,
      Float32Array.from(batch.damaged, (damaged) => (damaged ? 1 : -1)),
    );
    const state = mul(sum(softplus(neg(mul(labels, sum(mul(images, axis), -1))))), 1 / count);
    const none = mul(state, 0);
    const patch = weights.patch > 0 ? patchLoss(clip, taps[0], axis, batch) : none;
    const patches = taps.slice(1).map(patchesOf);
    const { patch: side } = config.vision;
    const residual = weights.residual > 0 ? residualLoss(patches, batch, side) : none;
    const appearance =
      weights.appearance > 0 ? appearanceLoss(patches, batch, side, config.preprocess) : none;
    const parts = { match, state, patch, residual, appearance };
    const loss = Object.entries(parts)
      .map(([name, part]) => mul(part, weights[name as keyof LossWeights]))
      .reduce((all, part) => add(all, part));
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
  const signed = mul(
    logits,
    tensor(
      device,
      labels.map((label) => -label),
      logits.shape,
    ),
  );
  return sum(mul(softplus(signed), tensor(device, weights, logits.shape)));
}
