import { ClipError } from "../errors.js";
import type { Size, Window } from "./resize.js";

/**
 * How an image is brought to the model's square.
 * "crop": the shorter side is resized and the centre square taken (torchvision's Resize and CenterCrop), without the ends.
 * "squash": both sides are resized, whatever the aspect ratio.
 * "tile": the shorter side is resized and overlapping squares along the longer side cover the whole image.
 */
export type Fit = "crop" | "squash" | "tile";

/** The size an image is resized to, and the windows of it that the model sees. */
export interface Layout {
  readonly size: Size;
  readonly windows: readonly Window[];
}

/** Tiles an image may be cut into; a more extreme aspect ratio is taken for a mistake. */
const MAX_TILES = 64;

/** Lays windows of `side` x `side` over an image. @throws ClipError `tiles` when tiling needs more than 64. */
export function layOut(image: Size, side: number, fit: Fit): Layout {
  const square = { left: 0, top: 0, width: side, height: side };
  if (fit === "squash") return { size: { width: side, height: side }, windows: [square] };
  const wide = image.width > image.height;
  const [short, long] = wide ? [image.height, image.width] : [image.width, image.height];
  const length = Math.trunc((side * long) / short);
  const size = wide ? { width: length, height: side } : { width: side, height: length };
  const starts = fit === "crop" ? [roundHalfEven((length - side) / 2)] : tileStarts(length, side);
  return {
    size,
    windows: starts.map((start) => ({ ...square, ...(wide ? { left: start } : { top: start }) })),
  };
}

/** Evenly spread starts of the fewest windows that cover [0, length). */
function tileStarts(length: number, side: number): number[] {
  const count = Math.ceil(length / side);
  if (count > MAX_TILES)
    throw new ClipError(
      "tiles",
      `image: ${(length / side).toFixed(1)} times as long as wide takes over ${MAX_TILES} tiles; crop or squash it instead`,
    );
  const gap = count > 1 ? (length - side) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => Math.round(i * gap));
}

/** Python's round(), by which torchvision places its centre crop. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
