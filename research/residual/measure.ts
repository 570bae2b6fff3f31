import { type Category, drawPrompts, promptCandidates, type Sample } from "@inctrl/datasets";
import {
  auroc,
  type EncodedBatch,
  type EncodedPrompt,
  type Encoder,
  encodePrompts,
  meanOf,
  readOptions,
  selectTaps,
} from "@inctrl/detect";
import { METHODS, residual } from "@inctrl/inctrl";
import { meanOfLargest } from "../report.js";
import { thinned } from "../sets.js";
import { LARGEST, type MapSetting, nameOf } from "./settings.js";

const METHOD = METHODS.find(({ name }) => name === "residual")!;

export const SHOTS = 4;

/** The taps that the settings compare, of a backbone. */
export const tapsOf = (encoder: Pick<Encoder, "backbone">, { blocks }: MapSetting) =>
  METHOD.input!(encoder.backbone, readOptions(METHOD, { blocks })).taps!;

/** What is measured on a category. */
export interface Plan {
  readonly maps: readonly MapSetting[];
  readonly seeds: readonly number[];
  /** Test images at most. */
  readonly most: number;
}

/** Mean AUROC over the draws, by setting. `root` gives all taps of all settings. */
export async function measure(
  root: Encoder,
  category: Category,
  { maps: settings, seeds, most }: Plan,
): Promise<Record<string, number>> {
  const tested = thinned(category.test, most);
  const labels = tested.map(({ label }) => label);
  const candidates = promptCandidates(category);
  const draws = seeds.map((seed) => drawPrompts(candidates, SHOTS, seed));
  const given = [...new Set(draws.flat())];
  const batches: EncodedBatch[] = [];
  const encoded = new Map<number, Map<Sample, EncodedPrompt>>();
  try {
    for await (const batch of root.encode(tested)) batches.push(batch);
    for (const symmetries of [root.backbone.promptSymmetries, 8]) {
      if (encoded.has(symmetries)) continue;
      const prompts = await encodePrompts(root, given, { symmetries });
      encoded.set(symmetries, new Map(prompts.map((prompt, i) => [given[i], prompt])));
    }
    const areas: Record<string, number> = {};
    for (const setting of settings) {
      const encoder = selectTaps(root, { taps: tapsOf(root, setting) });
      const detector = residual(encoder, setting);
      const found = [];
      for (const drawn of draws) {
        const known = encoded.get(detector.symmetries)!;
        const prompts = drawn.map((sample) => encoder.pickPrompt(known.get(sample)!));
        using fitted = await detector.fit(prompts, {});
        for (const prompt of prompts) prompt.dispose();
        const maps = [];
        for (const batch of batches)
          for (const { map } of await fitted.score(encoder.pick(batch))) maps.push(map.values);
        found.push(maps);
      }
      for (const largest of LARGEST) {
        const each = found.map((maps) =>
          auroc(
            labels,
            maps.map((map) => meanOfLargest(map, largest)),
          ),
        );
        areas[nameOf(setting, largest)] = meanOf(each as number[]);
      }
    }
    return areas;
  } finally {
    for (const batch of batches) batch.dispose();
    for (const prompts of encoded.values()) for (const prompt of prompts.values()) prompt.dispose();
  }
}
