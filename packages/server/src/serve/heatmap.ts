import { decodeImage, encodePng } from "@inctrl/datasets";
import { anchoredScale, photoOf, renderHeatmap } from "@inctrl/detect";
import type { Part } from "./parts.js";
import type { Product } from "./product.js";
import { Refusal } from "./refusal.js";

/** Longest side of a heat map in pixels. */
const MAX_SIDE = 1024;

/**
 * The picture of a part in gray under its map, as PNG. Colours are anchored at the product's line; where there is none, at the map's own
 * ends.
 *
 * @throws Refusal 404 for a part without a map.
 */
export async function heatmapOf(
  { image, map: placed }: Part,
  { fitted, judge }: Product,
  maxPixels: number,
): Promise<Uint8Array> {
  if (!placed) throw new Refusal(404, "no-map", "this part could not be scored, so that it has no map");
  const raster = await decodeImage(image, { ...fitted.reading, maxPixels });
  const photo = photoOf(raster, (side) => Math.ceil(side / MAX_SIDE));
  const { map, box } = placed;
  const anchored = judge && judge.line.status !== "hint" ? anchoredScale(judge) : null;
  const scale = anchored ?? {
    low: map.values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    high: map.values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  };
  return encodePng(renderHeatmap({ image: photo.image, map, box: photo.place(box), scale, legend: true }));
}
