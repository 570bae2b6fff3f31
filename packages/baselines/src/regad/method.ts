import {
  DetectError,
  type Detector,
  defineMethod,
  type Encoder,
  numberOption,
  patchesOf,
  switchOption,
} from "@inctrl/detect";
import { concat, gather, scope, type Tensor } from "@inctrl/tensor";
import { repeatedPlaces } from "../maps/grid.js";
import { mapDetector } from "../maps/map-detector.js";
import { MAP_OPTIONS, settingsOf } from "../maps/options.js";
import type { Border } from "../maps/pixel-maps.js";
import { embedLayers } from "../padim/embedding.js";
import { Gaussians } from "../padim/gaussians.js";
import { gaussianMaps } from "../padim/maps.js";
import { REGISTRATION_VARIANTS } from "./augmentation.js";
import { RegistrationBackbone } from "./backbone.js";

interface Settings {
  readonly augment: boolean;
  readonly epsilon: number;
  readonly blur: number;
  readonly border: Border;
}

const TAPS = [1, 2, 3] as const;

/** Gaussians of registered features of the prompts and their variants. */
function regad(encoder: Encoder, settings: Settings): Detector {
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
      // Layers are repeated for a range of positions at a time.
      const vectors = (start: number, end: number): Tensor =>
        scope(() =>
          concat(
            layers.map((layer, i) => gather(layer, places[i].slice(start, end), 1)),
            2,
          ),
        );
      const [samples] = layers[0].shape;
      const gaussians = Gaussians.fit(
        { device: backbone.device, samples, positions: patchesOf(grid), width, vectors },
        settings.epsilon,
      );
      const embed = (taps: readonly Tensor[]) => embedLayers(taps, layouts);
      return gaussianMaps(gaussians, embed, grid, { side: encoder.preprocess.size, ...settings });
    },
  });
}

/** RegAD (Huang et al. 2022). The score is the maximum of the map. */
export const regadMethod = defineMethod({
  name: "regad",
  title: "RegAD: PaDiM's Gaussians on features of a network that was trained to register images",
  options: {
    augment: switchOption(true, "take prompts in 22 variants: turned, shifted, mirrored, grey"),
    epsilon: numberOption(0.01, "added to the diagonal of covariances", { least: 1e-6 }),
    ...{ blur: MAP_OPTIONS.blur, border: MAP_OPTIONS.border },
  },
  presets: { paper: {}, released: {} },
  input(backbone) {
    if (backbone instanceof RegistrationBackbone) return { taps: TAPS, raw: true };
    throw new DetectError(
      "backbone",
      `regad needs a network that was trained to register images, and ${backbone.name} was not; name a checkpoint of RegAD as the backbone`,
    );
  },
  create: regad,
});
