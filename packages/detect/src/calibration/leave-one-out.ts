import { CodedError, reshape, scope, slice } from "@inctrl/tensor";
import { patchesOf } from "../backbone/backbone.js";
import { type Detection, type Detector, type FitOptions, variantsOf } from "../detector.js";
import type { Features } from "../encoder/features.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import type { GoodImage } from "./record.js";

/** A score and the largest value of its map. */
export interface Peak {
  readonly score: number;
  readonly peak: number;
}

/**
 * Each prompt as a detector sees it that was fitted with the others: what little K good images tell of where good scores end.
 *
 * @returns null where the others are too few for the method, as for a single prompt.
 * @example
 * const scores = (await leaveOneOut(detector, prompts))?.map(({ score }) => score);
 */
export async function leaveOneOut(
  detector: Detector,
  prompts: readonly EncodedPrompt[],
  options: FitOptions = {},
): Promise<Peak[] | null> {
  if (prompts.length < 2) return null;
  const seen: Peak[] = [];
  for (const prompt of prompts) {
    const others = prompts.filter((each) => each !== prompt);
    try {
      using fitted = await detector.fit(others, options);
      const features = featuresOf(prompt, variantsOf(detector).count);
      const found = fitted.score(features, { places: [...Array(prompt.views).keys()] });
      for (const each of [features.features, ...features.taps]) each.dispose();
      seen.push(peakOf(await found));
    } catch (error) {
      // Some methods need two prompts or more.
      if (error instanceof CodedError) return null;
      throw error;
    }
  }
  return seen.every((each) => Object.values(each).every(Number.isFinite)) ? seen : null;
}

/**
 * What prompts alone tell of good parts: each scored by the others. Empty where `leaveOneOut` tells nothing, and with a region: what is
 * kept of prompts does not say where they lie in their images.
 */
export async function promptsAlone(
  detector: Detector,
  prompts: readonly EncodedPrompt[],
  options: FitOptions = {},
): Promise<GoodImage[]> {
  const seen = options.region ? null : await leaveOneOut(detector, prompts, options);
  return (seen ?? []).map((peak, i) => {
    const { name, sha256 } = prompts[i];
    return { name, sha256, part: name, ...peak };
  });
}

/** The largest score and the largest value of maps of an image's views. */
export const peakOf = (views: readonly Pick<Detection, "score" | "map">[]): Peak => ({
  score: Math.max(...views.map(({ score }) => score)),
  peak: views.reduce((most, { map }) => map.values.reduce((a, b) => Math.max(a, b), most), -Infinity),
});

/** A prompt's views as they are, as an image to be scored. */
function featuresOf({ features, rows, layouts, views }: EncodedPrompt, variants: number): Features {
  const own = scope(() => ({
    features: features.view(features.shape),
    taps: rows.map((tap, i) => {
      const [patches, { width }] = [patchesOf(layouts[i]), layouts[i]];
      const first = slice(reshape(tap, [views, variants, patches, width]), [null, [0, 1]]);
      return reshape(first, [views, patches, width]);
    }),
  }));
  return { ...own, layouts };
}
