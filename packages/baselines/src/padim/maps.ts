import { max, type Tensor } from "@inctrl/tensor";
import { type Grid, onGrid } from "../maps/grid.js";
import type { MapScoring } from "../maps/map-detector.js";
import { mapOptions } from "../maps/options.js";
import { type Border, pixelMaps, type Upsampling } from "../maps/pixel-maps.js";
import type { Gaussians } from "./gaussians.js";

/** How distances become a map of pixels. */
interface MapSettings {
  /** Pixels of a side. */
  readonly side: number;
  readonly blur: number;
  readonly border: Border;
  readonly upsampling?: Upsampling;
}

/**
 * Scoring by Gaussians, which it frees: maps of distances, and their maxima.
 *
 * @param embed makes vectors [views, positions, width] of an encoder's taps.
 */
export const gaussianMaps = (
  gaussians: Gaussians,
  embed: (taps: readonly Tensor[]) => Tensor,
  grid: Grid,
  settings: MapSettings,
): MapScoring => ({
  run({ taps }) {
    const size = { width: settings.side, height: settings.side };
    const map = pixelMaps(
      onGrid(gaussians.distance(embed(taps)), grid),
      size,
      mapOptions(settings, settings.upsampling),
    );
    return { score: max(map, [1, 2]), map };
  },
  dispose: () => gaussians.dispose(),
});
