import { anchoredScale, type DecodePool, memoryImage, type Scale } from "@inctrl/detect";
import type { Part } from "./parts.js";
import type { Product } from "./product.js";
import { Refusal } from "./refusal.js";

/** Longest side of a heat map in pixels. */
const MAX_SIDE = 1024;

export interface HeatmapRequest {
  /** Pixels of the largest picture that is decoded. */
  readonly maxPixels: number;
  /** Whether the colour bar with its numbers stands beside the picture. */
  readonly legend: boolean;
}

/**
 * The picture of a part in gray under its map, as PNG, drawn in a thread of the pool. Colours are anchored at the product's line; where there
 * is none, at the map's own ends.
 *
 * @throws Refusal 404 for a part without a map.
 */
export async function heatmapOf(
  { answer, image, map: placed }: Part,
  { fitted, judge }: Product,
  pool: DecodePool,
  { maxPixels, legend }: HeatmapRequest,
): Promise<{ png: Uint8Array; scale: Scale }> {
  if (!placed) throw new Refusal(404, "no-map", "this part could not be scored, so that it has no map");
  const item = memoryImage(answer.part, image, { ...fitted.reading, maxPixels });
  const anchored = judge && judge.line.status !== "hint" ? anchoredScale(judge) : null;
  const { values } = placed.map;
  const scale = anchored ?? {
    low: values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    high: values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  };
  return { png: await pool.drawHeatmap(item, { ...placed, scale, maxSide: MAX_SIDE, legend }), scale };
}
