import { add, mean, mul, scope, topk } from "@inctrl/tensor";
import {
  type Augmentation,
  type Detector,
  defineMethod,
  type Encoder,
  option,
  patchDetector,
} from "../../src/index.js";

export interface NearestOptions {
  readonly symmetries?: number;
  readonly augmentation?: Augmentation;
  /** How many of the largest residuals a score is the mean of. */
  readonly largest?: number;
  /** Whether it leaves parts of images out of account where it is asked to. Default true. */
  readonly region?: boolean;
}

/** Half of 1 - cosine to the nearest prompt patch, mean over the blocks; the score is the mean of the largest. */
export function nearestPatch(
  encoder: Encoder,
  {
    symmetries = encoder.backbone.promptSymmetries,
    augmentation,
    largest = 1,
    region = true,
  }: NearestOptions = {},
): Detector {
  return patchDetector({
    ...{ name: "nearest-patch", encoder, symmetries, augmentation, takesRegion: region },
    settings: async () => ({ largest: String(largest) }),
    prepare: () => ({
      run(_, similarity) {
        const map = add(mul(mean(similarity, 1), -0.5), 0.5);
        const peak = scope(() => mean(topk(map, largest).values, 1));
        return { score: peak, map, parts: { peak, none: null } };
      },
    }),
  });
}

export const nearestPatchMethod = defineMethod({
  name: "nearest-patch",
  title: "the distance to the nearest prompt patch",
  options: {
    symmetries: option.choice(undefined, "symmetries of the prompts", [1, 8], "as the backbone says"),
    largest: option.number(1, "residuals that the score is the mean of", { least: 1, whole: true }),
  },
  presets: { paper: { largest: 1 }, released: { largest: 3 } },
  create: nearestPatch,
});
