import { CodedError, reshape, scope, slice } from "@inctrl/tensor";
import { patchesOf } from "../backbone/backbone.js";
import { type Detector, type FitOptions, variantsOf } from "../detector.js";
import type { Features } from "../encoder/features.js";
import type { EncodedPrompt } from "../encoder/prompts.js";

/**
 * The score of each prompt by a detector that was fitted with the others: what little K good images tell of where good scores end.
 *
 * @returns null where the others are too few for the method, as for a single prompt.
 * @example
 * const line = lineOf((await leaveOneOut(detector, prompts)) ?? [], 0.01, { hint: true });
 */
export async function leaveOneOut(
  detector: Detector,
  prompts: readonly EncodedPrompt[],
  options: FitOptions = {},
): Promise<number[] | null> {
  if (prompts.length < 2) return null;
  const scores: number[] = [];
  for (const prompt of prompts) {
    const others = prompts.filter((each) => each !== prompt);
    try {
      using fitted = await detector.fit(others, options);
      const features = featuresOf(prompt, variantsOf(detector).count);
      const found = fitted.score(features);
      for (const each of [features.features, ...features.taps]) each.dispose();
      scores.push(Math.max(...(await found).map(({ score }) => score)));
    } catch (error) {
      // Some methods need two prompts or more.
      if (error instanceof CodedError) return null;
      throw error;
    }
  }
  return scores.every(Number.isFinite) ? scores : null;
}

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
