import type { Box } from "@inctrl/datasets";
import type { Grid } from "../detector.js";
import { DetectError } from "../errors.js";

/** Cells along each side of a region: 1/512 of an image's side is as exact as its edges are. */
export const REGION_SIDE = 512;

const CELLS = REGION_SIDE ** 2;

/** Which parts of each image count, relative to its size: 1 or 0 for each cell of 512 x 512, row by row from the top. */
export type ImageRegion = Uint8Array;

/** The size of an image in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** The region of a picture in black and white: cells of which at least half is white. @param white 1 or 0 for each pixel. */
export const regionOf = (white: ArrayLike<number>, { width, height }: ImageSize): ImageRegion =>
  Uint8Array.from({ length: CELLS }, (_, cell) => {
    const [x, y] = [cell % REGION_SIDE, Math.floor(cell / REGION_SIDE)];
    const across = { from: (x * width) / REGION_SIDE, to: ((x + 1) * width) / REGION_SIDE };
    const down = { from: (y * height) / REGION_SIDE, to: ((y + 1) * height) / REGION_SIDE };
    return Number(isHalf(shareOf(white, width, across, down)));
  });

/** The region of a box. @param box as shares of an image's sides, from 0 to 1. */
export const regionOfBox = ({ x, y, width, height }: Box): ImageRegion => {
  const inside = (cell: number, from: number, length: number) => {
    const centre = (cell + 0.5) / REGION_SIDE;
    return centre >= from && centre < from + length;
  };
  return Uint8Array.from({ length: CELLS }, (_, cell) =>
    Number(inside(cell % REGION_SIDE, x, width) && inside(Math.floor(cell / REGION_SIDE), y, height)),
  );
};

/**
 * What counts: all of some regions, or everything where there are none, without others.
 *
 * @throws DetectError `region` where nothing would count.
 */
export function combineRegions(within: readonly ImageRegion[], without: readonly ImageRegion[]): ImageRegion {
  const isIn = (cell: number) => within.length === 0 || within.some((region) => region[cell] === 1);
  const region = Uint8Array.from({ length: CELLS }, (_, cell) =>
    Number(isIn(cell) && !without.some((other) => other[cell] === 1)),
  );
  if (!region.includes(1))
    throw new DetectError("region", "the region leaves nothing of an image to look at; make it larger");
  return region;
}

/**
 * The patches of a view that count: those of which at least half lies inside.
 *
 * @param view its box in pixels of its image, and the image's size.
 * @returns 1 or 0 for each patch, row by row.
 */
export function patchesInside(
  region: ImageRegion,
  { box, of }: { readonly box: Box; readonly of: ImageSize },
  { rows, columns }: Grid,
): Uint8Array {
  const along = (from: number, length: number, count: number, whole: number) => (at: number) => ({
    from: ((from + (at * length) / count) / whole) * REGION_SIDE,
    to: ((from + ((at + 1) * length) / count) / whole) * REGION_SIDE,
  });
  const across = along(box.x, box.width, columns, of.width);
  const down = along(box.y, box.height, rows, of.height);
  return Uint8Array.from({ length: rows * columns }, (_, patch) =>
    Number(isHalf(shareOf(region, REGION_SIDE, across(patch % columns), down(Math.floor(patch / columns))))),
  );
}

/**
 * The pixels of a view that count: those whose middle lies inside.
 *
 * @param view its box in pixels of its image, and the image's size.
 * @param size of the view in its own pixels.
 * @returns 1 or 0 for each pixel, row by row.
 */
export function pixelsInside(
  region: ImageRegion,
  { box, of }: { readonly box: Box; readonly of: ImageSize },
  { width, height }: ImageSize,
): Uint8Array {
  const cells = (from: number, length: number, count: number, whole: number) =>
    Array.from({ length: count }, (_, at) =>
      Math.floor(((from + ((at + 0.5) * length) / count) / whole) * REGION_SIDE),
    );
  const across = cells(box.x, box.width, width, of.width);
  const inside = new Uint8Array(width * height);
  for (const [row, y] of cells(box.y, box.height, height, of.height).entries())
    for (const [column, x] of across.entries()) inside[row * width + column] = region[y * REGION_SIDE + x];
  return inside;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Sums of shares are off by roundings. */
const isHalf = (share: number): boolean => share >= 0.5 - 1e-6;

/** The share of a rectangle that is 1 in a picture; what lies outside of the picture is 0. */
function shareOf(picture: ArrayLike<number>, width: number, across: Range, down: Range): number {
  const height = picture.length / width;
  let sum = 0;
  for (const [y, tall] of covered(down, height))
    for (const [x, wide] of covered(across, width)) sum += tall * wide * picture[y * width + x];
  return sum / ((across.to - across.from) * (down.to - down.from));
}

/** The cells that a range touches, and how much of each. */
function covered({ from, to }: Range, cells: number): [cell: number, share: number][] {
  const found: [number, number][] = [];
  for (let cell = Math.max(0, Math.floor(from)); cell < Math.min(cells, to); cell++)
    found.push([cell, Math.min(cell + 1, to) - Math.max(cell, from)]);
  return found;
}

/** A region as text: its bits in base64. */
export function packRegion(region: ImageRegion): string {
  const bytes = new Uint8Array(CELLS / 8);
  for (let cell = 0; cell < CELLS; cell++) bytes[cell >> 3] |= region[cell] << (cell & 7);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The region that `packRegion` packed; null for other text, and for one in which nothing counts. */
export function unpackRegion(text: string): ImageRegion | null {
  if (text.length !== 4 * Math.ceil(CELLS / 24) || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const bytes = atob(text);
  if (bytes.length !== CELLS / 8) return null;
  const region = Uint8Array.from(
    { length: CELLS },
    (_, cell) => (bytes.charCodeAt(cell >> 3) >> (cell & 7)) & 1,
  );
  return region.includes(1) ? region : null;
}
