import { type ModelConfig, prefixTokens } from "@inctrl/clip";
import type { Caps, Device } from "@inctrl/tensor";
import type { ViewSize } from "./backbone.js";

/** Images a batch at most, and bytes that a batch's activations may take. */
const SOFTWARE = { images: 8, bytes: 128 * 2 ** 20 };
const HARDWARE = { images: 64, bytes: 2 ** 30 };

/** What of a device decides its batches. */
export interface BatchDevice {
  readonly caps: Pick<Caps, "software" | "maxBindingBytes" | "maxBufferBytes">;
  readonly pace: Pick<Device["pace"], "flop">;
}

/** What an image takes of a device. */
export interface ImageCost {
  /** Bytes of its largest tensor. */
  readonly widest: number;
  /** Bytes of all that it needs. */
  readonly bytes: number;
  /** Floating-point operations of its largest product, which runs for a whole batch at once. */
  readonly flop: number;
}

/** Images that a device takes at once. */
export function imagesAtOnce({ caps, pace }: BatchDevice, image: ImageCost): number {
  const { images, bytes } = caps.software ? SOFTWARE : HARDWARE;
  const limit = Math.min(caps.maxBindingBytes, caps.maxBufferBytes) / image.widest;
  return Math.max(1, Math.floor(Math.min(images, limit, bytes / image.bytes, pace.flop / image.flop)));
}

/**
 * Images to run together: as many as fill the adapter without crowding its memory, or keeping a GPU busy for too long. Rows are products
 * of their own, so no score depends on it. On a CPU eight fill all tiles, and more only make the first result late.
 *
 * @example
 * const batch = chooseBatch(device, config);
 */
export function chooseBatch(
  device: BatchDevice,
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
  const flop = 2 * tokens * vision.width * Math.max(hidden, 3 * vision.width);
  return imagesAtOnce(device, { widest, bytes: image, flop });
}
