import { matchPatches, textScore } from "@inctrl/detect";
import { max, type PackedMatrix, scope, type Tensor } from "@inctrl/tensor";
import { fuse } from "../fusion.js";
import type { Heads } from "../heads.js";
import { patchResidual, residualMap } from "../residual.js";

/** What the images of a fixture are compared with. */
export interface ForwardContext {
  /** A packed bank for each tapped block; batches of banks where each image has prompts of its own. */
  readonly banks: readonly PackedMatrix[];
  readonly heads: Heads;
  /** Mean adapted prompt feature, [embedDim] or [batch, embedDim]. */
  readonly promptFeature: Tensor;
  /** [2, embedDim]. */
  readonly prototypes: Tensor;
}

/** InCTRL's whole forward pass with every intermediate value that fixtures hold, at alpha 1. */
export function forward(features: Tensor, taps: readonly Tensor[], context: ForwardContext) {
  const { banks, heads, promptFeature, prototypes } = context;
  return scope(() => {
    const { similarity } = matchPatches(taps, banks);
    const map = residualMap(similarity);
    const residual = max(map, 1);
    const text = textScore(features, prototypes);
    const fusion = fuse(heads, { features, map, residual, textScore: text, promptFeature }, 1);
    return { layers: patchResidual(similarity), map, residual, textScore: text, ...fusion };
  });
}
