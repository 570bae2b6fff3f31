import { encodePng, type Raster } from "@inctrl/datasets";
import type { Scale } from "./colormap.js";
import type { PlacedMap } from "./merge.js";
import { photoOf } from "./photo.js";
import { renderHeatmap } from "./render.js";

/** A map that is drawn over its image. */
export interface HeatmapDrawing extends PlacedMap {
  readonly scale: Scale;
  /** The longest side in pixels; a larger image is made smaller by a whole factor. */
  readonly maxSide: number;
  /** Whether the colour bar with its numbers stands beside it. */
  readonly legend: boolean;
}

/** An image in gray under its map, as the bytes of a PNG. */
export function heatmapPng(raster: Raster, { map, box, scale, maxSide, legend }: HeatmapDrawing): Uint8Array {
  const { image, place } = photoOf(raster, (side) => Math.ceil(side / maxSide));
  return encodePng(renderHeatmap({ image, map, box: place(box), scale, legend }));
}
