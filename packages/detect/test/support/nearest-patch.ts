import { add, mean, mul, scope, topk } from "@inctrl/tensor";
import { type Detector, type Encoder, patchDetector } from "../../src/index.js";

export interface NearestOptions {
  readonly symmetries?: number;
  /** How many of the largest residuals a score is the mean of. */
  readonly largest?: number;
}

/** Half of 1 - cosine to the nearest prompt patch, mean over the blocks; the score is the mean of the largest. */
export function nearestPatch(
  encoder: Encoder,
  { symmetries = encoder.backbone.promptSymmetries, largest = 1 }: NearestOptions = {},
): Detector {
  return patchDetector({
    ...{ name: "nearest-patch", encoder, symmetries },
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
