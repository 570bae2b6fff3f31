import { type Detector, type Encoder, patchesOf } from "@inctrl/detect";
import { concat, gather, scope, type Tensor } from "@inctrl/tensor";
import { repeatedPlaces } from "../maps/grid.js";
import { mapDetector } from "../maps/map-detector.js";
import { settingsOf } from "../maps/options.js";
import { piecesOf } from "../maps/pieces.js";
import type { Border } from "../maps/pixel-maps.js";
import { embedLayers } from "../padim/embedding.js";
import { Gaussians } from "../padim/gaussians.js";
import { gaussianMaps } from "../padim/maps.js";
import { REGISTRATION_VARIANTS } from "./augmentation.js";

export interface RegadOptions {
  /** Takes prompts in 22 variants. */
  readonly augment: boolean;
  /** Added to the diagonal of covariances. */
  readonly epsilon: number;
  /** Deviation of the map's blur in pixels; 0: none. */
  readonly blur: number;
  readonly border: Border;
}

/** As the released program has them. */
export const REGAD_DEFAULTS: RegadOptions = { augment: true, epsilon: 0.01, blur: 4, border: "symmetric" };

/** The layers that are compared. */
export const TAPS = [1, 2, 3] as const;

/** Gaussians of registered features of the prompts and their variants (RegAD, section 3.3). */
export function regadDetector(encoder: Encoder, settings: RegadOptions = REGAD_DEFAULTS): Detector {
  const { layouts, backbone } = encoder;
  const [grid] = layouts;
  const width = layouts.reduce((sum, layout) => sum + layout.width, 0);
  const places = layouts.map((layout) => repeatedPlaces(layout, grid));
  const named = <T>(each: (tap: number) => T) =>
    Object.fromEntries(TAPS.map((tap, i) => [`layer${tap}`, each(i)]));
  return mapDetector({
    ...{ name: "regad", encoder, settings: settingsOf(settings) },
    ...(settings.augment && { augmentation: REGISTRATION_VARIANTS }),
    keep: (_, taps) => named((i) => taps[i]),
    shapes: (views) => named((i) => [views, patchesOf(layouts[i]), layouts[i].width]),
    prepare(kept) {
      const layers = TAPS.map((tap) => kept[`layer${tap}`]);
      const [samples] = layers[0].shape;
      const { device } = backbone;
      // Eight prompts in 22 variants are more than many adapters bind.
      const pieces = layers.map((layer) => piecesOf(layer));
      // Layers are repeated for a range of positions at a time.
      const vectors = (start: number, end: number): Tensor =>
        scope(() => {
          const part = (own: readonly Tensor[], i: number) =>
            concat(own.map((piece) => gather(piece, places[i].slice(start, end), 1)));
          return concat(pieces.map(part), 2);
        });
      let gaussians: Gaussians;
      try {
        gaussians = Gaussians.fit(
          { device, samples, positions: patchesOf(grid), width, vectors },
          settings.epsilon,
        );
      } finally {
        for (const own of pieces.flat()) if (!layers.includes(own)) own.dispose();
      }
      const embed = (taps: readonly Tensor[]) => embedLayers(taps, layouts);
      return gaussianMaps(gaussians, embed, grid, { side: encoder.preprocess.size, ...settings });
    },
  });
}
