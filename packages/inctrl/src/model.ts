import { textScore } from "@inctrl/detect";
import { add, div, max, mul, type PackedMatrix, reshape, scope, type Tensor } from "@inctrl/tensor";
import type { HeadsForm } from "./head-modules.js";
import { patchResiduals, type Residuals } from "./residual.js";

/** Everything the model says of a batch, as tensors on the device. */
export interface ModelOutput {
  residuals: Residuals;
  /** s_p, the largest entry of M, [batch] (paper, section 3.2). */
  residual: Tensor;
  /** F, [batch, embedDim], and s_i, [batch]; null without heads, or with heads that look at patches only. */
  imageResidual: Tensor | null;
  imageScore: Tensor | null;
  /** s_a, [batch]; without text null. */
  textScore: Tensor | null;
  /** M+ = M + s_i + s_a, [batch, patches], and phi of it, [batch]; without heads null. */
  fused: Tensor | null;
  phi: Tensor | null;
  /** (phi + alpha s_p) / (1 + alpha), or s_p without heads; [batch]. */
  score: Tensor;
}

/** The trained parts as functions: `Heads` when scoring, a `HeadsModule` in training. */
export interface HeadFunctions {
  /** Of heads that see ranks only phi is used. */
  readonly form: HeadsForm;
  /** F: the mean adapted prompt feature minus the adapted query feature, [batch, embedDim]. */
  imageResidual(query: Tensor, prompt: Tensor): Tensor;
  /** F to s_i, [batch]. */
  eta(residual: Tensor): Tensor;
  /** M+ to [batch]. */
  phi(map: Tensor): Tensor;
}

/** What a batch is compared with. */
export interface ModelContext {
  banks: readonly PackedMatrix[];
  heads?: HeadFunctions;
  /** Mean adapted prompt feature, [embedDim]; needed with heads of the paper's form. */
  promptFeature?: Tensor;
  /** [2, embedDim]. */
  prototypes?: Tensor;
  /** What s_a multiplies cosines by. */
  logitScale?: number;
  alpha: number;
}

/** InCTRL's forward pass from a backbone's outputs (paper, section 3). Every image is treated on its own. */
export function runModel(features: Tensor, taps: readonly Tensor[], context: ModelContext): ModelOutput {
  const { banks, heads, promptFeature, prototypes, logitScale, alpha } = context;
  return scope(() => {
    const residuals = patchResiduals(taps, banks);
    const residual = max(residuals.map, 1);
    const text = prototypes ? textScore(features, prototypes, logitScale) : null;
    if (!heads || (heads.form === "paper" && !promptFeature)) {
      const none = { imageResidual: null, imageScore: null, fused: null, phi: null };
      return { residuals, residual, textScore: text, ...none, score: mul(residual, 1) };
    }
    const known = { features, map: residuals.map, residual, textScore: text, promptFeature };
    return { residuals, residual, textScore: text, ...runHeads(heads, known, alpha) };
  });
}

/** What the heads start from: all of it is frozen, so training computes it once. */
export interface HeadInputs {
  /** Class features of the queries, [batch, embedDim]. */
  features: Tensor;
  /** M, [batch, patches], and s_p, [batch]. */
  map: Tensor;
  residual: Tensor;
  /** s_a, [batch]. */
  textScore: Tensor | null;
  /** Mean adapted prompt feature, [embedDim] or [batch, embedDim]; for heads of the paper's form. */
  promptFeature?: Tensor;
}

/** The heads' part of the forward pass: s_i, M+, phi and the final score. */
export function runHeads(heads: HeadFunctions, known: HeadInputs, alpha: number) {
  const { features, map, residual, textScore: text, promptFeature } = known;
  return scope(() => {
    const imageResidual =
      heads.form === "paper" && promptFeature ? heads.imageResidual(features, promptFeature) : null;
    const imageScore = imageResidual && heads.eta(imageResidual);
    const offset = imageScore && text ? add(imageScore, text) : (imageScore ?? text);
    const fused = offset ? add(map, reshape(offset, [offset.size, 1])) : mul(map, 1);
    const phi = heads.phi(fused);
    const score = div(add(phi, mul(residual, alpha)), 1 + alpha);
    return { imageResidual, imageScore, fused, phi, score };
  });
}
