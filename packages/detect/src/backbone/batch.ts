import { type ModelConfig, prefixTokens } from "@inctrl/clip";
import type { Caps } from "@inctrl/tensor";
import type { ViewSize } from "./backbone.js";

/** Images a batch at most, and bytes that a batch's activations may take. */
const SOFTWARE = { images: 8, bytes: 128 * 2 ** 20 };
const HARDWARE = { images: 64, bytes: 2 ** 30 };

type BatchCaps = Pick<Caps, "software" | "maxBindingBytes" | "maxBufferBytes">;

/** Images that a device takes at once. @param widest bytes of an image's largest tensor. @param image bytes of all that it needs. */
export function imagesAtOnce(caps: BatchCaps, widest: number, image: number): number {
  const { images, bytes } = caps.software ? SOFTWARE : HARDWARE;
  const limit = Math.min(caps.maxBindingBytes, caps.maxBufferBytes) / widest;
  return Math.max(1, Math.min(images, Math.floor(limit), Math.floor(bytes / image)));
}

/**
 * Images to run together: as many as fill the adapter without crowding its memory. Rows are products of their own, so no
 * score depends on it. On a CPU eight fill all tiles, and more only make the first result late.
 *
 * @example
 * const batch = chooseBatch(device.caps, config);
 */
export function chooseBatch(
  caps: BatchCaps,
  { vision, outBlocks }: Pick<ModelConfig, "vision" | "outBlocks">,
  { width, height }: ViewSize = { width: vision.imageSize, height: vision.imageSize },
  taps: number = outBlocks.length,
): number {
  const patches = Math.floor(width / vision.patch) * Math.floor(height / vision.patch);
  const tokens = patches + prefixTokens(vision);
  // The widest that a token becomes: the hidden layer, queries, keys and values together, or a patch's pixels.
  const hidden = vision.swiglu ? 2 * vision.mlpWidth : vision.mlpWidth;
  const row = Math.max(hidden, 3 * vision.width, 3 * vision.patch ** 2);
  const widest = 4 * tokens * row;
  // The widest step reads one such tensor and writes another; beside them the residual stream and what was tapped.
  const image = 4 * tokens * (vision.width * (3 + 2 * taps) + 2 * row);
  return imagesAtOnce(caps, widest, image);
}
