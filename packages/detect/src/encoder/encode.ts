import {
  normalizePixels,
  type PreparedImage,
  prefixTokens,
  type VisionOutput,
  type VisionTransformer,
} from "@inctrl/clip";
import { scope, slice, type Tensor, tensor } from "@inctrl/tensor";
import type { Backbone } from "../backbone/backbone.js";
import { DetectError } from "../errors.js";

/**
 * Runs prepared images through a backbone's image tower.
 *
 * @returns class features [views, embedDim] and the tapped blocks' patches.
 */
export function encodeViews(
  backbone: Backbone,
  views: readonly PreparedImage[],
  blocks: readonly number[] = backbone.config.outBlocks,
): VisionOutput {
  const { preprocess } = backbone.config;
  const { size } = preprocess;
  const plane = 3 * size * size;
  const pixels = new Float32Array(views.length * plane);
  views.forEach((view, i) => {
    if (view.width !== size || view.height !== size) {
      throw new DetectError(
        "views",
        `an image was prepared at ${view.width} x ${view.height} pixels and ${backbone.name} takes ${size}; prepare it with this backbone's config`,
      );
    }
    normalizePixels(view.pixels, preprocess, pixels, i * plane);
  });
  const input = tensor(backbone.device, pixels, [views.length, 3, size, size]);
  try {
    return encodePixels(backbone.clip.vision, input, blocks);
  } finally {
    input.dispose();
  }
}

/** Class features [batch, embedDim] and the patches of the tapped blocks, [batch, patches, width], raw, without class tokens and registers. */
export function encodePixels(
  vision: VisionTransformer,
  pixels: Tensor,
  blocks: readonly number[],
): VisionOutput {
  return scope(() => {
    const { features, taps } = vision.forward(pixels, { taps: blocks });
    const prefix = prefixTokens(vision.config.vision);
    return { features, taps: taps.map((tap) => slice(tap, [null, [prefix, tap.shape[1]]])) };
  });
}
