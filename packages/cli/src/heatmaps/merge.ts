import type { Box } from "@inctrl/inctrl";
import type { SpooledView } from "./spool.js";

/** A map over a part of an image. */
export interface MergedMap {
  readonly map: Float32Array;
  readonly gridWidth: number;
  readonly gridHeight: number;
  readonly box: Box;
}

/**
 * One map of all tiles of an image: patches of the tiles' size over everything that was seen, each the largest of the
 * values the tiles give at its centre. A single view stays as it is.
 */
export function mergeViews(views: readonly SpooledView[]): MergedMap {
  const [first] = views;
  if (!first) throw new RangeError("heatmap: an image without views has no map");
  if (views.length === 1) {
    return { map: first.map, gridWidth: first.grid, gridHeight: first.grid, box: first.box };
  }
  const left = Math.min(...views.map(({ box }) => box.x));
  const top = Math.min(...views.map(({ box }) => box.y));
  const width = Math.max(...views.map(({ box }) => box.x + box.width)) - left;
  const height = Math.max(...views.map(({ box }) => box.y + box.height)) - top;
  const gridWidth = Math.round((width / first.box.width) * first.grid);
  const gridHeight = Math.round((height / first.box.height) * first.grid);
  const map = new Float32Array(gridWidth * gridHeight);
  for (let i = 0; i < map.length; i++) {
    const x = left + (((i % gridWidth) + 0.5) / gridWidth) * width;
    const y = top + ((Math.floor(i / gridWidth) + 0.5) / gridHeight) * height;
    map[i] = Math.max(...views.map((view) => valueAt(view, x, y)));
  }
  return { map, gridWidth, gridHeight, box: { x: left, y: top, width, height } };
}

/** The value of the patch at a place of the image; none outside the view. */
function valueAt({ map, grid, box }: SpooledView, x: number, y: number): number {
  const column = Math.floor(((x - box.x) / box.width) * grid);
  const row = Math.floor(((y - box.y) / box.height) * grid);
  const inside = column >= 0 && row >= 0 && column < grid && row < grid;
  return inside ? map[row * grid + column]! : Number.NEGATIVE_INFINITY;
}
