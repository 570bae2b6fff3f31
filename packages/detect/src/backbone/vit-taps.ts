import { prefixTokens, type VisionOutput, type VisionTransformer } from "@inctrl/clip";
import { scope, slice, type Tensor } from "@inctrl/tensor";
import type { Tap } from "./backbone.js";

/** The tap of the last block after the final norm. */
export const NORM = "norm";

/**
 * Class features [batch, embedDim] and patches of taps, [batch, patches, width], without class tokens and registers.
 *
 * @param taps blocks, whose patches are raw, and "norm".
 */
export function encodePixels(vision: VisionTransformer, pixels: Tensor, taps: readonly Tap[]): VisionOutput {
  return scope(() => {
    const { layers } = vision.config.vision;
    const blocks = [...new Set(taps.map((tap) => (tap === NORM ? layers : Number(tap))))];
    const { features, taps: tapped } = vision.forward(pixels, { taps: blocks });
    const prefix = prefixTokens(vision.config.vision);
    const patches = tapped.map((tap) => slice(tap, [null, [prefix, tap.shape[1]]]));
    const of = (block: number) => patches[blocks.indexOf(block)];
    return {
      features,
      taps: taps.map((tap) => (tap === NORM ? vision.ln_post.forward(of(layers)) : of(Number(tap)))),
    };
  });
}
