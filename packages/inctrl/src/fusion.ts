import { add, div, mul, reshape, scope, type Tensor } from "@inctrl/tensor";
import type { Component } from "./components.js";
import type { HeadsModule } from "./head-modules.js";

/** What the heads start from. All of it is frozen, so training computes it once. */
export interface HeadInputs {
  /** Class features of the queries, [batch, embedDim]. */
  features: Tensor;
  /** M, [batch, patches], and s_p, [batch]. */
  map: Tensor;
  residual: Tensor;
  /** s_a, [batch]. */
  textScore: Tensor | null;
  /** Mean adapted prompt feature, [embedDim] or [batch, embedDim]; without it there is no s_i. */
  promptFeature?: Tensor | null;
}

/** What the heads make of a batch. */
export interface Fusion {
  /** F, [batch, inputs of eta], and s_i, [batch]; null without a prompt feature, or with heads that see ranks. */
  readonly imageResidual: Tensor | null;
  readonly imageScore: Tensor | null;
  /** M+ = M + s_i + s_a, [batch, patches]. */
  readonly fused: Tensor;
  /** phi of M+, [batch]. */
  readonly phi: Tensor;
  /** (phi + alpha s_p) / (1 + alpha), [batch] (paper, eq. 9). */
  readonly score: Tensor;
}

/** The heads' part of InCTRL's forward pass (paper, section 3.4). Missing scores count as 0 in M+. */
export function fuse(heads: HeadsModule, known: HeadInputs, alpha: number): Fusion {
  const { features, map, residual, textScore: text, promptFeature } = known;
  return scope(() => {
    const imageResidual =
      heads.hasImageLevel && promptFeature ? heads.imageResidual(features, promptFeature) : null;
    const imageScore = imageResidual && heads.eta(imageResidual);
    const offset = imageScore && text ? add(imageScore, text) : (imageScore ?? text);
    const fused = offset ? add(map, reshape(offset, [offset.size, 1])) : mul(map, 1);
    const phi = heads.phi(fused);
    const score = div(add(phi, mul(residual, alpha)), 1 + alpha);
    return { imageResidual, imageScore, fused, phi, score };
  });
}

/** A score and what it is made of, [batch] each; null where it is not made of that. */
export interface Scored extends Pick<Fusion, "imageScore" | "score"> {
  readonly phi: Tensor | null;
}

/**
 * The score of some components (paper, table 3). P with I or T goes through the fusion head, where what is left out counts as 0; so does
 * P alone with heads that make more of a map than its maximum. Any other component alone is its own score, and I with T is the mean of
 * the two; without heads, so is P with T.
 *
 * @param known holds a text score and a prompt feature only where T and I are among the components.
 */
export function combine(
  heads: HeadsModule | undefined,
  known: HeadInputs,
  components: ReadonlySet<Component>,
  alpha: number,
): Scored {
  const { features, residual, textScore: text, promptFeature } = known;
  const alone = heads?.form === "paper" && !promptFeature && !text;
  if (components.has("P") && heads && !alone) return fuse(heads, known, alpha);
  return scope(() => {
    const asksImage = heads && promptFeature;
    const imageScore = asksImage ? heads.eta(heads.imageResidual(features, promptFeature)) : null;
    const own = components.has("P") ? residual : null;
    const scores = [own, imageScore, text].filter((part) => part !== null);
    const score = scores.length === 1 ? scores[0] : div(scores.reduce(add), scores.length);
    return { score, imageScore, phi: null };
  });
}
