import { DetectError, defineMethod, option } from "@inctrl/detect";
import { MAP_OPTIONS } from "../maps/options.js";
import { RegistrationBackbone } from "./backbone.js";
import { REGAD_DEFAULTS, regadDetector, TAPS } from "./detector.js";
import { type RegistrationTraining, trainRegistration } from "./run.js";
import { MODES } from "./theta.js";

/** RegAD (Huang et al. 2022). The score is the maximum of the map. */
export const regadMethod = defineMethod({
  name: "regad",
  title: "RegAD: PaDiM's Gaussians on features of a network that was trained to register images",
  options: {
    augment: option.flag(
      REGAD_DEFAULTS.augment,
      "take prompts in 22 variants: turned, shifted, mirrored, grey",
    ),
    epsilon: option.number(REGAD_DEFAULTS.epsilon, "added to the diagonal of covariances", { least: 1e-6 }),
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
  create: regadDetector,
  trainOptions: {
    mode: option.choice("rotation_scale", "what the transformers do", MODES),
    side: option.number(224, "pixels of a side of its images", { least: 32, most: 2048, whole: true }),
    shots: option.number(2, "supports of each image", { least: 1, whole: true }),
    batch: option.number(32, "images a step at most, of one category", { least: 1, whole: true }),
    lr: option.number(1e-4, "learning rate of the first epochs; the last one has rate 0", { least: 0 }),
    epochs: option.number(50, "epochs", { least: 1, whole: true }),
    seed: option.number(0, "seed of layers and batches", { least: 0, whole: true }),
  },
  trainPresets: { paper: {}, released: {} },
  train: (job, given) => trainRegistration(job, given as unknown as RegistrationTraining),
});
