import { type FeatureStore, patchesOf, sharedLayout } from "@inctrl/detect";
import type { JoinedPatches } from "./forward.js";
import type { Comparison } from "./pairs.js";

/** The patches of each query, and the mean of its prompts' place by place, as `PromptBank.meanPatches` takes it. */
export async function joinedPatches(
  store: FeatureStore,
  comparisons: readonly Comparison[],
): Promise<JoinedPatches> {
  const { layouts } = store.recipe;
  const layout = sharedLayout(layouts);
  const patches = patchesOf(layout);
  const size = patches * layout.width;
  const empty = () => layouts.map(() => new Float32Array(comparisons.length * size));
  const [queries, prompts] = [empty(), empty()];
  for (const [i, { query, prompts: own }] of comparisons.entries()) {
    const tokens = await store.tokens(query);
    const mean = new Float64Array(tokens.length);
    for (const prompt of own) {
      const given = await store.tokens(prompt);
      for (let at = 0; at < mean.length; at++) mean[at] += given[at] / own.length;
    }
    for (const block of layouts.keys()) {
      const part = [block * size, (block + 1) * size] as const;
      queries[block].set(tokens.subarray(...part), i * size);
      prompts[block].set(mean.subarray(...part), i * size);
    }
  }
  return { patches, queries, prompts };
}
