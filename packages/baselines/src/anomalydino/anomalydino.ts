import {
  type Detection,
  type Detector,
  defineMethod,
  type Encoder,
  type Features,
  type FittedDetector,
  type Known,
  option,
  patchDetector,
  sharedLayout,
} from "@inctrl/detect";
import { mean, reshape, scope, sub, type Tensor, topk } from "@inctrl/tensor";
import { topCount, topMean } from "./aggregate.js";
import { firstComponent, foreground, type MaskRule } from "./foreground.js";
import { turnsOf } from "./turns.js";

export interface AnomalyDinoOptions {
  /** Turns of a whole circle in which prompts are taken; 1 as they are. Default 8. */
  readonly turns?: number;
  /** Whether patches that do not show the object count as normal. Default `off`, since nothing tells an object from a texture. */
  readonly mask?: "on" | "off" | "released";
}

const RULES: Readonly<Record<"on" | "released", MaskRule>> = { on: "grid", released: "released" };

/**
 * AnomalyDINO (Damm et al. 2025): the distance of each patch to the nearest one of the prompts, 1 - cosine, after the network's final
 * norm. An image's score is the mean of the largest hundredth of its distances.
 *
 * @example
 * const detector = anomalyDino(new Encoder(backbone, { taps: ["norm"] }), { turns: 8 });
 */
export function anomalyDino(
  encoder: Encoder,
  { turns = 8, mask = "off" }: AnomalyDinoOptions = {},
): Detector {
  const plain = patchDetector({
    ...{ name: "anomalydino", encoder, symmetries: 1, settings: async () => ({ mask }) },
    ...(turns > 1 && { augmentation: turnsOf(turns) }),
    takesRegion: true,
    prepare: () => ({
      run(_, similarity) {
        const map = distancesOf(similarity);
        const score = mean(topk(map, topCount(map.shape[1])).values, 1);
        return { score, map, parts: {} };
      },
    }),
  });
  if (mask === "off") return plain;
  const detector: Detector = {
    ...plain,
    fit: async (prompts, about) => masked(await plain.fit(prompts, about)),
    load: async (path, about) => masked(await plain.load(path, about)),
  };
  const masked = (fitted: FittedDetector): FittedDetector => ({
    ...fitted,
    detector,
    score: (features, known) => scoreMasked(fitted, features, RULES[mask], known),
  });
  return detector;
}

/** Distances to the nearest patch, mean over the taps, [views, patches]. */
const distancesOf = (similarity: Tensor): Tensor => scope(() => sub(1, mean(similarity, 1)));

/** Detections with the distances outside the foreground at 0. An image without any foreground is taken whole. */
async function scoreMasked(
  fitted: FittedDetector,
  features: Features,
  rule: MaskRule,
  known?: Known,
): Promise<Detection[]> {
  const tap = features.taps[features.taps.length - 1];
  const [views, patches, width] = tap.shape;
  const grid = sharedLayout(features.layouts);
  const read = reshape(tap, [views, patches * width]);
  const values = read.data();
  read.dispose();
  const [found, all] = await Promise.all([fitted.score(features, known), values]);
  return found.map((detection, i) => {
    const own = all.subarray(i * patches * width, (i + 1) * patches * width);
    const mask = foreground(firstComponent(own, width), grid, rule);
    if (!mask.includes(1)) return detection;
    const kept = detection.map.values.map((value, at) => value * mask[at]);
    return { ...detection, score: topMean(kept), map: { ...detection.map, values: kept } };
  });
}

export const anomalyDinoMethod = defineMethod({
  name: "anomalydino",
  title:
    "AnomalyDINO (Damm et al. 2025): the distance to the nearest patch of turned prompts, after the final norm",
  options: {
    turns: option.number(8, "turns of a circle in which prompts are taken; 1 as they are", {
      least: 1,
      most: 64,
      whole: true,
    }),
    mask: option.choice("off", "patches that do not show the object count as normal", [
      "off",
      "on",
      "released",
    ]),
    side: option.number(undefined, "pixels of the shorter side, in the image's own shape", {
      least: 32,
      most: 2048,
      whole: true,
      defaultText: "448 with patches of 14 pixels, else as the backbone has it",
    }),
  },
  presets: { released: { mask: "released" } },
  input: (backbone, { side }) => {
    const free = side ?? (backbone.preprocess.size === 518 ? 448 : undefined);
    return {
      taps: ["norm"],
      ...(free !== undefined && { fit: "whole" as const, preprocess: { size: free } }),
    };
  },
  create: (encoder, { turns, mask }) => anomalyDino(encoder, { turns, mask }),
});
