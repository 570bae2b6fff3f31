import type { Box } from "@inctrl/datasets";
import type { PlacedMap } from "../heatmap/merge.js";
import { labelRegions } from "../metrics/label-regions.js";
import { outlinesOf, type Polygon } from "./outline.js";

/** A connected part of a map above the line, in pixels of the image. */
export interface Region {
  /** The patches that it touches. */
  readonly box: Box;
  /** Of its patches together, in square pixels. */
  readonly area: number;
  /** The largest value in it. */
  readonly peak: number;
  /** Around its patches, without holes; several where patches only touch at corners. */
  readonly outline: readonly Polygon[];
}

/**
 * The 8-connected regions of a map above a line, the one with the largest peak first.
 *
 * @param placed the map of an image; tiles are merged before (`mergeViews`).
 * @example
 * regionsAbove({ map, box }, 0.3); // [{ box: { x: 28, y: 14, width: 28, height: 14 }, area: 392, peak: 0.41, outline: [[28, 14, 56, 14, 56, 28, 28, 28]] }]
 */
export function regionsAbove({ map: { rows, columns, values }, box }: PlacedMap, line: number): Region[] {
  const regionOf = new Uint32Array(values.length);
  const sizes: number[] = [];
  labelRegions(
    Array.from(values, (value) => Number(value > line)),
    columns,
    rows,
    regionOf,
    sizes,
  );
  const [width, height] = [box.width / columns, box.height / rows];
  const found = sizes.map((patches, region) => {
    let [left, top, right, bottom, peak] = [columns, rows, 0, 0, Number.NEGATIVE_INFINITY];
    for (const [i, of] of regionOf.entries()) {
      if (of !== region + 1) continue;
      const [x, y] = [i % columns, Math.floor(i / columns)];
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      peak = Math.max(peak, values[i]);
    }
    const outline = outlinesOf((x, y) => regionOf[y * columns + x] === region + 1, columns, rows);
    const place = { x: box.x + left * width, y: box.y + top * height };
    return {
      box: { ...place, width: (right - left) * width, height: (bottom - top) * height },
      area: patches * width * height,
      peak,
      outline: outline.map((polygon) =>
        polygon.map((at, i) => (i % 2 === 0 ? box.x + at * width : box.y + at * height)),
      ),
    };
  });
  return found.sort((a, b) => b.peak - a.peak);
}
