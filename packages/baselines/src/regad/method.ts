import {
  choiceOption,
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
import { type RegistrationTraining, trainRegistration } from "./run.js";
import { MODES } from "./theta.js";

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
  trainOptions: {
    mode: choiceOption("rotation_scale", "what the transformers do", MODES),
    side: numberOption(224, "pixels of a side of its images", { least: 32, most: 2048, whole: true }),
    shots: numberOption(2, "supports of each image", { least: 1, whole: true }),
    batch: numberOption(32, "images a step at most, of one category", { least: 1, whole: true }),
    lr: numberOption(1e-4, "learning rate of the first epochs; the last one has rate 0", { least: 0 }),
    epochs: numberOption(50, "epochs", { least: 1, whole: true }),
    seed: numberOption(0, "seed of layers and batches", { least: 0, whole: true }),
  },
  async train(job, given) {
    if (job.holdOut?.length)
      job.onNote?.("categories held out are not trained on, and RegAD's training judges none");
    const { file, finished } = await trainRegistration(job, given as unknown as RegistrationTraining);
    return { file, finished };
  },
});
