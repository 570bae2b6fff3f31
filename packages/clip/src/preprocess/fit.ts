import type { PreprocessConfig } from "../config/types.js";
import { ClipError } from "../errors.js";
import type { Size, Window } from "./resize.js";

/**
 * How an image is brought to the model's square.
 * "crop": the shorter side is resized and the centre square taken (torchvision's Resize and CenterCrop), without the ends.
 * "squash": both sides are resized, whatever the aspect ratio.
 * "tile": the shorter side is resized and overlapping squares along the longer side cover the whole image; where tiles have a size of
 * their own, overlapping squares of so many of its pixels do, both ways.
 * "whole": the shorter side is resized and the whole image kept, cut right and bottom to whole multiples: no square.
 */
export type Fit = "crop" | "squash" | "tile" | "whole";

/** What `PreprocessConfig` says of sizes. */
export type FitSizes = Pick<PreprocessConfig, "size" | "resize" | "multiple" | "tile" | "overlap">;

/** The size an image is resized to, and the windows of it that the model sees. */
export interface Layout {
  readonly size: Size;
  readonly windows: readonly Window[];
}

/** Tiles an image may be cut into, or squares that a whole one may hold; a more extreme aspect ratio is taken for a mistake. */
const MAX_TILES = 64;

/** The same for tiles of a size of their own. */
const MAX_SIZED_TILES = 4096;

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
  if (fit === "tile" && sizes.tile !== undefined) return sizedTiles(image, side, sizes.tile, sizes.overlap);
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
  return { size, windows: tiles(size, side) };
}

/** A window of a resized image, and the part of the original that it shows, in its pixels (fractions possible). */
export interface Place extends Window {
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/**
 * The size that an image is resized to, and where its windows lie.
 *
 * @throws ClipError as `layOut`.
 */
export function placesOf(image: Size, sizes: FitSizes, fit: Fit): { size: Size; places: Place[] } {
  const { size, windows } = layOut(image, sizes, fit);
  const scaleX = image.width / size.width;
  const scaleY = image.height / size.height;
  const places = windows.map((window) => {
    const { left, top, width, height } = window;
    const box = { x: left * scaleX, y: top * scaleY, width: width * scaleX, height: height * scaleY };
    return { ...window, box };
  });
  return { size, places };
}

/** Tiles that are squares of `tile` pixels of the image, each resized to `side`. */
function sizedTiles({ width, height }: Size, side: number, tile: number, overlap = 0): Layout {
  if (!(Number.isInteger(tile) && tile > 0 && Number.isInteger(overlap) && overlap >= 0 && overlap < tile))
    throw new ClipError(
      "config",
      `image: tiles of ${tile} pixels with ${overlap} in common are none; give whole numbers, and less in common than a tile has`,
    );
  if (Math.min(width, height) < tile)
    throw new ClipError(
      "tiles",
      `image: ${width} x ${height} pixels hold no tile of ${tile}; take smaller tiles`,
    );
  const scaled = (length: number) => Math.max(side, Math.round((length * side) / tile));
  const size = { width: scaled(width), height: scaled(height) };
  const shared = (overlap * side) / tile;
  const count = [size.width, size.height].reduce((all, length) => all * tileCount(length, side, shared), 1);
  if (count > MAX_SIZED_TILES)
    throw new ClipError(
      "tiles",
      `image: ${width} x ${height} pixels take ${count} tiles of ${tile}, over ${MAX_SIZED_TILES}; take larger tiles`,
    );
  return { size, windows: tiles(size, side, shared) };
}

const tiles = ({ width, height }: Size, side: number, shared = 0): Window[] =>
  tileStarts(height, side, shared).flatMap((top) =>
    tileStarts(width, side, shared).map((left) => ({ left, top, width: side, height: side })),
  );

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

/** The fewest windows that cover [0, length), each sharing so much with the next one. */
const tileCount = (length: number, side: number, shared: number): number =>
  Math.max(1, Math.ceil((length - shared) / (side - shared)));

/** Their starts, evenly spread. */
function tileStarts(length: number, side: number, shared: number): number[] {
  const count = tileCount(length, side, shared);
  const gap = count > 1 ? (length - side) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => Math.round(i * gap));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
