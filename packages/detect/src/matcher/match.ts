import { nearest, type PackedMatrix, scope, stack, type Tensor } from "@inctrl/tensor";
import type { Features } from "../encoder/features.js";
import type { PromptBank } from "./bank.js";
import { averageNeighbours } from "./neighbours.js";

/** For each patch of some views the most similar prompt patch. */
export interface PatchMatches {
  /** Cosine to it in each tapped block, [views, blocks, patches]. */
  readonly similarity: Tensor;
  /** Its row in the bank, in the deepest tapped block, int32 [views, patches]. */
  readonly rows: Tensor<"int32">;
}

/**
 * Finds for each patch the most similar prompt patch, block by block (paper, eq. 2). Every row is searched on its own, so
 * views never influence one another.
 *
 * @param taps patches of each block, [views, patches, width], of any length.
 * @param banks a packed bank for each block.
 */
export function matchPatches(taps: readonly Tensor[], banks: readonly PackedMatrix[]): PatchMatches {
  return scope(() => {
    const found = taps.map((tap, i) => nearest(tap, banks[i]));
    const similarity = stack(
      found.map((each) => each.similarity),
      1,
    );
    return { similarity, rows: found[found.length - 1].index };
  });
}

/**
 * `matchPatches` in a bank.
 *
 * @param averaged compares patches averaged over their neighbours, on both sides.
 */
export const matchBank = (
  bank: PromptBank,
  { taps, layouts }: Pick<Features, "taps" | "layouts">,
  averaged: boolean,
): PatchMatches =>
  averaged
    ? matchPatches(
        taps.map((tap, i) => averageNeighbours(tap, layouts[i])),
        bank.averaged,
      )
    : matchPatches(taps, bank.blocks);
