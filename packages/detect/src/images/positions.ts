import { layOut, type PixelConfig } from "@inctrl/clip";
import { DetectError } from "../errors.js";
import type { ImageSize } from "./region.js";

/** The tiles of the prompts that a tile is compared with: those at its own place, or at the eight places around it too. */
export const POSITIONS = ["same", "near"] as const;
export type Positions = (typeof POSITIONS)[number];

/** Tiles that are compared by their place, which images of one size alone have in common. */
export interface TilePlaces {
  readonly how: Positions;
  /** The size of the prompts, and of every image that is scored. */
  readonly of: ImageSize;
}

/**
 * For each tile of an image of that size the tiles that it is compared with, by their numbers, its own among them.
 *
 * @example
 * comparedTiles({ how: "near", of: { width: 96, height: 32 } }, { size: 32, tile: 32 }); // [[0, 1], [0, 1, 2], [1, 2]]
 */
export function comparedTiles({ how, of }: TilePlaces, pixels: PixelConfig): readonly (readonly number[])[] {
  const { windows } = layOut(of, pixels, "tile");
  const columns = new Set(windows.map(({ left }) => left)).size;
  const isNear = (a: number, b: number) =>
    Math.abs((a % columns) - (b % columns)) <= 1 &&
    Math.abs(Math.floor(a / columns) - Math.floor(b / columns)) <= 1;
  return windows.map((_, tile) =>
    how === "same" ? [tile] : [...windows.keys()].filter((other) => isNear(tile, other)),
  );
}

export const sameSize = (a: ImageSize, b: ImageSize): boolean => a.width === b.width && a.height === b.height;

export const sizeText = ({ width, height }: ImageSize): string => `${width} x ${height}`;

/** The error of an image whose tiles lie elsewhere than those of the prompts. */
export const otherSize = (image: string, has: ImageSize, wanted: ImageSize): DetectError =>
  new DetectError(
    "positions",
    `${image}: has ${sizeText(has)} pixels, and tiles are compared by their place in images of ${sizeText(wanted)}; ` +
      "give images of one size, or make a bank without positions",
  );
