import { prefixTokens, type VisionOutput, type VisionTransformer } from "@inctrl/clip";
import { scope, slice, type Tensor } from "@inctrl/tensor";
import type { Tap } from "./backbone.js";

/** The tap of the last block after the final norm. */
export const NORM = "norm";

/** Side, in patches, of the windows that a tap "window.SIDE" names; undefined for other taps. */
export const windowSide = (tap: Tap): number | undefined => {
  const side = String(tap).match(/^window\.([1-9]\d?)$/)?.[1];
  return side === undefined ? undefined : Number(side);
};

/**
 * Class features [batch, embedDim] and patches of taps, [batch, patches, width], without class tokens and registers.
 *
 * @param taps blocks, whose patches are raw, "norm", and "window.SIDE": the class features of windows, [batch, windows, embedDim].
 */
export function encodePixels(vision: VisionTransformer, pixels: Tensor, taps: readonly Tap[]): VisionOutput {
  return scope(() => {
    const { layers } = vision.config.vision;
    const sides = taps.flatMap((tap) => windowSide(tap) ?? []);
    const blockOf = (tap: Tap) => (tap === NORM ? layers : Number(tap));
    const blocks = [...new Set(taps.filter((tap) => windowSide(tap) === undefined).map(blockOf))];
    const { features, taps: tapped, windows } = vision.forward(pixels, { taps: blocks, windows: sides });
    const prefix = prefixTokens(vision.config.vision);
    const patches = tapped.map((tap) => slice(tap, [null, [prefix, tap.shape[1]]]));
    const of = (tap: Tap) => {
      const side = windowSide(tap);
      if (side !== undefined) return windows[sides.indexOf(side)];
      const own = patches[blocks.indexOf(blockOf(tap))];
      return tap === NORM ? vision.ln_post.forward(own) : own;
    };
    return { features, taps: taps.map(of) };
  });
}
