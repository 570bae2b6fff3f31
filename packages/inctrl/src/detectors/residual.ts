import {
  DetectError,
  type Detector,
  defineMethod,
  type Encoder,
  option,
  type PromptBank,
  patchDetector,
  patchesOf,
  sharedLayout,
} from "@inctrl/detect";
import { type Aggregate, aggregateMap, largestOf, residualMap } from "../residual.js";
import { BLOCKS_OPTION, tapsOf } from "./blocks.js";
import { learnSubspace, learntShapes, openSubspace } from "./prompt-subspace.js";

/** Options of all methods that make a score of the residual map. */
export interface MapOptions {
  /** How the map becomes the score. Default `max`. */
  readonly aggregate?: Aggregate;
  /** Symmetries of the square in which prompts are compared. Default: as the backbone's configuration wishes. */
  readonly symmetries?: number;
}

export const DISTANCES = ["nearest", "subspace", "both"] as const;

export interface ResidualOptions extends MapOptions {
  /** Averages patches over 3 x 3 neighbours before they are compared. Default false. */
  readonly averaged?: boolean;
  /**
   * `nearest` (default): half of 1 - cosine to the nearest prompt patch, mean over the blocks. `subspace`: the squared distance to the
   * principal subspace of the prompts' patches (99% of their variance, as SubspaceAD), each the mean over the blocks at length 1.
   * `both`: the sum of the two, each less its mean and over its deviation for prompts that are left out in turn; of a single prompt
   * the nearest alone. Prompts of a subspace are taken in 8 symmetries by default.
   */
  readonly distance?: (typeof DISTANCES)[number];
}

/**
 * The residual of patches alone: no training, no text. By default the nearest patch as the paper has it ("P"). Its part is s_p.
 *
 * @throws DetectError `evaluation` for an aggregate that is none.
 * @example
 * const detector = residual(new Encoder(backbone), { aggregate: "top3" });
 */
export function residual(encoder: Encoder, options: ResidualOptions = {}): Detector {
  const { aggregate = "max", averaged = false, distance = "nearest" } = options;
  const plain = distance === "nearest";
  const { symmetries = plain ? encoder.backbone.promptSymmetries : 8 } = options;
  const largest = checkAggregate(aggregate, encoder);
  const use = { encoder, symmetries, averaged, beside: distance === "both" };
  const others = { ...(averaged && { averaged: "on" }), ...(!plain && { distance }) };
  return patchDetector({
    ...{ name: "residual", encoder, symmetries, averaged, takesRegion: plain },
    settings: async () => ({ components: "P", aggregate, alpha: "1", ...others }),
    kept: { ...(aggregate !== "max" && { aggregate }), ...others },
    ...(!plain && {
      learning: { shapes: learntShapes(use), of: (prompts) => learnSubspace(use, prompts) },
    }),
    async prepare({ learnt }: PromptBank) {
      const subspace = plain ? null : await openSubspace(use, learnt);
      return {
        run(_, similarity, taps) {
          const nearest = residualMap(similarity);
          const map = subspace ? subspace.of(nearest, taps) : nearest;
          const s_p = aggregateMap(map, largest);
          return { score: s_p, map, parts: { s_p } };
        },
        dispose: () => subspace?.dispose(),
      };
    },
  });
}

/** How many patches an aggregate is the mean of. @throws DetectError `evaluation` for one that the maps do not allow. */
export function checkAggregate(aggregate: Aggregate, { layouts }: Encoder): number {
  const patches = patchesOf(sharedLayout(layouts));
  const largest = largestOf(aggregate, patches);
  if (largest !== null) return largest;
  throw new DetectError(
    "evaluation",
    `aggregate ${aggregate}: use max, or top1 to top${patches} for the mean of the largest patches`,
  );
}

/** Options of all methods that make a score of the residual map. */
export const RESIDUAL_OPTIONS = {
  aggregate: option.custom<Aggregate, Aggregate>(
    "max",
    "s_p of a map: its maximum, or the mean of its K largest values",
    "max, or top and a number, such as top10",
    (given) =>
      typeof given === "string" && /^(max|top[1-9]\d{0,5})$/.test(given) ? (given as Aggregate) : undefined,
  ),
  symmetries: option.choice(
    undefined,
    "1: compare with the prompts as they are; 8: rotated and mirrored as well",
    [1, 8],
    "as the backbone's configuration says",
  ),
};

export const residualMethod = defineMethod({
  name: "residual",
  title: "the distance of patches to those of the prompts, without training and texts",
  options: {
    ...RESIDUAL_OPTIONS,
    averaged: option.flag(false, "averages patches over 3 x 3 neighbours before they are compared"),
    blocks: BLOCKS_OPTION,
    distance: option.choice(
      "nearest",
      "to the nearest patch of the prompts, to their principal subspace, or both",
      DISTANCES,
    ),
  },
  presets: { paper: { aggregate: "max", averaged: false, blocks: "own", distance: "nearest" } },
  // A bank that says nothing is one of the nearest patches, as the paper has it.
  bankOptions: ({ taps, settings = {} }) => ({
    aggregate: (settings.aggregate ?? "max") as Aggregate,
    averaged: settings.averaged === "on",
    distance: (settings.distance ?? "nearest") as ResidualOptions["distance"],
    blocks: taps as readonly number[],
  }),
  input: (backbone, { blocks }) => ({ taps: tapsOf(backbone, blocks) }),
  create: residual,
});
