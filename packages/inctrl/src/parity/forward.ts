import type { Clip } from "@inctrl/clip";
import { encodePixels, matchPatches, prototypesFromIds, textScore } from "@inctrl/detect";
import {
  type Device,
  max,
  type PackedMatrix,
  packBank,
  reshape,
  scope,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { fuse } from "../fusion.js";
import type { HeadsModule } from "../head-modules.js";
import { patchResidual, residualMap } from "../residual.js";
import type { Inputs } from "./fixture.js";

/** The inputs through both towers: queries, prompts, a bank of the prompts of each query, and text prototypes. */
export function encodeInputs(device: Device, { config, vision, text }: Clip, inputs: Inputs) {
  const { query, prompts, normal_ids, abnormal_ids, queries, shots, length, side } = inputs;
  return scope(() => {
    const encode = (pixels: Float32Array, count: number) =>
      encodePixels(vision, tensor(device, pixels, [count, 3, side, side]), config.outBlocks);
    const seen = encode(query, queries);
    const given = encode(prompts, queries * shots);
    const banks = banksOf(given.taps, queries);
    const prototypes = prototypesFromIds(text!, { normal: normal_ids, anomaly: abnormal_ids, length });
    return { seen, given: given.features, banks, prototypes };
  });
}

/** For each tapped block a bank of the prompts of each query. @param taps [queries * shots, patches, width]. */
export const banksOf = (taps: readonly Tensor[], queries: number): PackedMatrix[] =>
  taps.map((tap) => scope(() => packBank(reshape(tap, [queries, -1, tap.shape[2]]))));

/** What the images of a fixture are compared with. */
export interface ForwardContext {
  readonly banks: readonly PackedMatrix[];
  readonly heads: HeadsModule;
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
