import {
  choiceOption,
  customOption,
  DetectError,
  type Detector,
  defineMethod,
  type Encoder,
  patchDetector,
  patchesOf,
  sharedLayout,
} from "@inctrl/detect";
import { type Aggregate, aggregateMap, largestOf, residualMap } from "../residual.js";

export interface ResidualOptions {
  /** How the map becomes the score. Default `max`. */
  readonly aggregate?: Aggregate;
  /** Symmetries of the square in which prompts are compared. Default: as the backbone's configuration wishes. */
  readonly symmetries?: number;
}

/**
 * The nearest-patch residual alone (the paper's "P"): no training, no text. Its part is s_p.
 *
 * @throws DetectError `evaluation` for an aggregate that is none.
 * @example
 * const detector = residual(new Encoder(backbone), { aggregate: "top3" });
 */
export function residual(encoder: Encoder, options: ResidualOptions = {}): Detector {
  const { aggregate = "max", symmetries = encoder.backbone.promptSymmetries } = options;
  const largest = checkAggregate(aggregate, encoder);
  return patchDetector({
    ...{ name: "residual", encoder, symmetries },
    settings: async () => ({ components: "P", aggregate, alpha: "1" }),
    prepare: () => ({
      run(_, similarity) {
        const map = residualMap(similarity);
        const s_p = aggregateMap(map, largest);
        return { score: s_p, map, parts: { s_p } };
      },
    }),
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
  aggregate: customOption<Aggregate, Aggregate>(
    "max",
    "s_p of a map: its maximum, or the mean of its K largest values",
    "max, or top and a number, such as top10",
    (given) =>
      typeof given === "string" && /^(max|top[1-9]\d{0,5})$/.test(given) ? (given as Aggregate) : undefined,
  ),
  symmetries: choiceOption(
    undefined,
    "1: compare with the prompts as they are; 8: rotated and mirrored as well",
    [1, 8],
    "as the backbone's configuration says",
  ),
};

export const residualMethod = defineMethod({
  name: "residual",
  title: "the distance to the nearest patch of the prompts, without training and texts",
  options: RESIDUAL_OPTIONS,
  create: residual,
});
