import type { Backbone } from "@inctrl/detect";
import { InctrlError, patchesOf, textScore } from "@inctrl/detect";
import { add, concat, reshape, scope, type Tensor } from "@inctrl/tensor";
import type { Heads } from "../heads.js";
import type { EncodedPrompt, Features } from "./features.js";

/** The paper's names: P the patch residual s_p, I the image residual s_i, T the text score s_a. */
export const COMPONENTS = ["P", "I", "T"] as const;

export type Component = (typeof COMPONENTS)[number];

/** How a map becomes s_p: its largest value (the paper), or the mean of the K largest, as `top10`. */
export type Aggregate = "max" | `top${number}`;

/** What scores are made of. */
export interface Recipe {
  readonly components: ReadonlySet<Component>;
  /** Patches that s_p is the mean of; 1 is the maximum. */
  readonly largest: number;
  /** Weight of s_p beside phi (paper, eq. 9). */
  readonly alpha: number;
  readonly heads?: Heads;
  /** What s_a multiplies cosines by. */
  readonly logitScale?: number;
}

/**
 * Checks that a model has what the components need; without a wish, all that InCTRL uses: P, and with heads I, and
 * with heads and text T.
 *
 * @throws InctrlError `heads` or `text` where something is missing, `evaluation` for an aggregate that is none.
 */
export function makeRecipe(
  backbone: Backbone,
  heads: Heads | undefined,
  wanted: readonly Component[] | undefined,
  aggregate: Aggregate,
  alpha: number,
): Recipe {
  const full: Component[] = heads?.form === "paper" ? ["P", "I"] : ["P"];
  if (heads && backbone.hasText) full.push("T");
  const components = new Set(wanted ?? full);
  if (components.size === 0) {
    throw new InctrlError("evaluation", "no components; choose some of P, I and T");
  }
  if (components.has("I") && !heads) {
    throw new InctrlError("heads", "component I needs trained heads; give their file, or leave I out");
  }
  if (components.has("I") && heads && heads.form !== "paper") {
    throw new InctrlError(
      "heads",
      `component I needs heads of the paper's form, and these are ${heads.form}; leave I out`,
    );
  }
  if (components.has("T") && !backbone.hasText) {
    throw new InctrlError("text", `component T needs text and ${backbone.name} knows none; leave T out`);
  }
  const patches = patchesOf(backbone);
  if (heads && !heads.fits(backbone.config.embedDim, patches)) {
    throw new InctrlError(
      "heads",
      `the heads take features of ${heads.embedDim} values and maps of ${heads.patches} patches, and ${backbone.name} ` +
        `gives ${backbone.config.embedDim} and ${patches}; use heads trained with this backbone`,
    );
  }
  const largest = aggregate === "max" ? 1 : Number(aggregate.slice(3));
  if (!Number.isInteger(largest) || largest < 1 || largest > patches) {
    throw new InctrlError(
      "evaluation",
      `aggregate ${aggregate}: use max, or top1 to top${patches} for the mean of the largest patches`,
    );
  }
  return { components, largest, alpha, heads, logitScale: backbone.config.text?.logitScale };
}

/** What the class features of prompts are to the heads; null where these do not ask. */
export function promptFeatureOf(prompts: readonly EncodedPrompt[], { heads }: Recipe): Tensor | null {
  if (heads?.form !== "paper") return null;
  return scope(() => heads.promptFeature(concat(prompts.map(({ features }) => features))));
}

/** The model's word on one view. */
export interface ViewResult {
  readonly score: number;
  /** M, row by row. */
  readonly map: Float32Array;
}

/**
 * Scores encoded views by their residual maps, which it disposes of. A single component is its own score; P with I or T goes through the fusion head,
 * (phi(M + s_i + s_a) + alpha s_p) / (1 + alpha) with what is left out taken as 0; other combinations (I and T; P and
 * T without heads) are the mean of their scores.
 */
export async function scoreFeatures(
  batch: Features,
  map: Tensor,
  promptFeature: Tensor | null,
  prototypes: Tensor | null,
  recipe: Recipe,
): Promise<ViewResult[]> {
  const { components, heads, alpha, largest } = recipe;
  const kept = scope(() => {
    const text =
      components.has("T") && prototypes ? textScore(batch.features, prototypes, recipe.logitScale) : null;
    const image =
      components.has("I") && heads && promptFeature
        ? heads.eta(heads.imageResidual(batch.features, promptFeature))
        : null;
    const offset = image && text ? add(image, text) : (image ?? text);
    // Heads that see ranks look at patches only, and need nothing to fuse them with.
    const fuses = components.has("P") && heads && (offset || heads.form !== "paper");
    const phi = fuses ? heads.phi(offset ? add(map, reshape(offset, [offset.size, 1])) : map) : null;
    return { text, image, phi };
  });
  const read = async (t: Tensor | null) => (t ? await t.data() : null);
  try {
    const [maps, text, image, phi] = await Promise.all([
      map.data() as Promise<Float32Array>,
      read(kept.text),
      read(kept.image),
      read(kept.phi),
    ]);
    const patches = maps.length / batch.owners.length;
    return batch.owners.map((_, i) => {
      const map = maps.slice(i * patches, (i + 1) * patches);
      const residual = meanOfLargest(map, largest);
      if (phi) return { map, score: (phi[i] + alpha * residual) / (1 + alpha) };
      const parts = [components.has("P") ? residual : null, image?.[i] ?? null, text?.[i] ?? null];
      const there = parts.filter((part) => part !== null);
      return { map, score: there.reduce((sum, part) => sum + part, 0) / there.length };
    });
  } finally {
    for (const t of [map, ...Object.values(kept)]) t?.dispose();
  }
}

/** The mean of the `count` largest values; NaN when there is one among all. */
export function meanOfLargest(values: Float32Array, count: number): number {
  const sorted = values.toSorted();
  // NaN sorts last, so that it is always among the largest.
  return sorted.subarray(sorted.length - count).reduce((sum, value) => sum + value, 0) / count;
}
