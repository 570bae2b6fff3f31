import type { ViewScore } from "../detector.js";

/** A map over a part of an image. */
export type PlacedMap = Pick<ViewScore, "map" | "box">;

/**
 * One map of all tiles of an image: patches of the tiles' size over everything that was seen, each the largest of the values
 * that the tiles give at its centre. A single view stays as it is.
 */
export function mergeViews(views: readonly PlacedMap[]): PlacedMap {
  const [first] = views;
  if (!first) throw new RangeError("heatmap: an image without views has no map");
  if (views.length === 1) return first;
  const left = Math.min(...views.map(({ box }) => box.x));
  const top = Math.min(...views.map(({ box }) => box.y));
  const width = Math.max(...views.map(({ box }) => box.x + box.width)) - left;
  const height = Math.max(...views.map(({ box }) => box.y + box.height)) - top;
  const columns = Math.round((width / first.box.width) * first.map.columns);
  const rows = Math.round((height / first.box.height) * first.map.rows);
  const values = new Float32Array(rows * columns).fill(Number.NEGATIVE_INFINITY);
  for (const view of views) {
    const across = touched(view.box.x - left, view.box.width, width, columns);
    const down = touched(view.box.y - top, view.box.height, height, rows);
    for (let row = down.from; row < down.to; row++)
      for (let column = across.from; column < across.to; column++) {
        const x = left + ((column + 0.5) / columns) * width;
        const y = top + ((row + 0.5) / rows) * height;
        const at = row * columns + column;
        values[at] = Math.max(values[at], valueAt(view, x, y));
      }
  }
  return { map: { rows, columns, values }, box: { x: left, y: top, width, height } };
}

/** The patches of a merged map that a view may show, along an axis. */
const touched = (start: number, length: number, whole: number, count: number) => ({
  from: Math.max(0, Math.floor((start / whole) * count) - 1),
  to: Math.min(count, Math.ceil(((start + length) / whole) * count) + 1),
});

/** The value of the patch at a place of the image; none outside the view. */
function valueAt({ map: { rows, columns, values }, box }: PlacedMap, x: number, y: number): number {
  const column = Math.floor(((x - box.x) / box.width) * columns);
  const row = Math.floor(((y - box.y) / box.height) * rows);
  const inside = column >= 0 && row >= 0 && column < columns && row < rows;
  return inside ? values[row * columns + column] : Number.NEGATIVE_INFINITY;
}
