import type { PreprocessConfig } from "../config/types.js";
import { ClipError } from "../errors.js";
import type { Size, Window } from "./resize.js";

/**
 * How an image is brought to the model's square.
 * "crop": the shorter side is resized and the centre square taken (torchvision's Resize and CenterCrop), without the ends.
 * "squash": both sides are resized, whatever the aspect ratio.
 * "tile": the shorter side is resized and overlapping squares along the longer side cover the whole image.
 * "whole": the shorter side is resized and the whole image kept, cut right and bottom to whole multiples: no square.
 */
export type Fit = "crop" | "squash" | "tile" | "whole";

/** What `PreprocessConfig` says of sizes. */
export type FitSizes = Pick<PreprocessConfig, "size" | "resize" | "multiple">;

/** The size an image is resized to, and the windows of it that the model sees. */
export interface Layout {
  readonly size: Size;
  readonly windows: readonly Window[];
}

/** Tiles an image may be cut into, or squares that a whole one may hold; a more extreme aspect ratio is taken for a mistake. */
const MAX_TILES = 64;

/**
 * Lays windows over an image.
 *
 * @throws ClipError `tiles` when an image is over 64 times as long as wide and not cropped or squashed; `config` for sizes that do not go together.
 */
export function layOut(image: Size, sizes: FitSizes, fit: Fit): Layout {
  const { size: side, resize = side, multiple = 1 } = sizes;
  if (resize < side || multiple > side)
    throw new ClipError(
      "config",
      `image: resized to ${resize} and cut to multiples of ${multiple}, it holds no window of ${side}; take a smaller window`,
    );
  if (fit === "squash") return centred({ width: resize, height: resize }, side);
  const size = withShorterSide(image, fit === "crop" ? resize : side);
  if (fit === "crop") return centred(size, side);
  const { width, height } = size;
  if (Math.ceil(Math.max(width, height) / side) > MAX_TILES)
    throw new ClipError(
      "tiles",
      `image: ${(Math.max(width, height) / side).toFixed(1)} times as long as wide takes over ${MAX_TILES} tiles; crop or squash it instead`,
    );
  const cut = (length: number) => length - (length % multiple);
  if (fit === "whole")
    return { size, windows: [{ left: 0, top: 0, width: cut(width), height: cut(height) }] };
  const windows = tileStarts(height, side).flatMap((top) =>
    tileStarts(width, side).map((left) => ({ left, top, width: side, height: side })),
  );
  return { size, windows };
}

/** The image's size once its shorter side is `side`, as torchvision rounds it. */
function withShorterSide({ width, height }: Size, side: number): Size {
  return width > height
    ? { width: Math.trunc((side * width) / height), height: side }
    : { width: side, height: Math.trunc((side * height) / width) };
}

/** The middle square, placed by Python's round() as torchvision's CenterCrop is. */
function centred(size: Size, side: number): Layout {
  const [left, top] = [size.width, size.height].map((length) => roundHalfEven((length - side) / 2));
  return { size, windows: [{ left, top, width: side, height: side }] };
}

/** Evenly spread starts of the fewest windows that cover [0, length). */
function tileStarts(length: number, side: number): number[] {
  const count = Math.ceil(length / side);
  const gap = count > 1 ? (length - side) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => Math.round(i * gap));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
