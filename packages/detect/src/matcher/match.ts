import { concat, nearest, type PackedMatrix, scope, slice, stack, type Tensor } from "@inctrl/tensor";
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
    const found = taps.map((tap, i) => nearestOf(tap, banks[i]));
    const similarity = stack(
      found.map((each) => each.similarity),
      1,
    );
    return { similarity, rows: found[found.length - 1].index };
  });
}

/** `nearest` of some views, in as many runs as the device takes the arithmetic in. */
function nearestOf(
  tap: Tensor,
  bank: PackedMatrix,
): Pick<ReturnType<typeof nearest>, "similarity" | "index"> {
  const [views, patches, width] = tap.shape;
  const most = Math.max(1, Math.floor(tap.device.pace.flop / (2 * patches * width * bank.n)));
  if (views <= most) return nearest(tap, bank);
  const runs = Array.from({ length: Math.ceil(views / most) }, (_, run) =>
    nearest(slice(tap, [[run * most, Math.min(views, (run + 1) * most)]]), bank),
  );
  return {
    similarity: concat(runs.map(({ similarity }) => similarity)),
    index: concat(runs.map(({ index }) => index)),
  };
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
