import {
  add,
  concat,
  greater,
  mul,
  nearest,
  type PackedMatrix,
  reshape,
  scope,
  slice,
  stack,
  type Tensor,
  where,
} from "@inctrl/tensor";
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

/** What is known of the places of some views. */
export interface ViewPlaces {
  /** The number of each view among the tiles of its image. */
  readonly places: readonly number[];
  /** For each tile those that it is compared with (`comparedTiles`). */
  readonly compared: readonly (readonly number[])[];
}

/**
 * `matchPatches` of tiles by their place: each view is searched in those tiles of the prompts that it is compared with. Views are
 * searched one by one, so that their batch changes no bit.
 *
 * @returns rows as `bank.rowInTiles` takes them.
 */
export const matchTiles = (
  bank: PromptBank,
  taps: readonly Tensor[],
  { places, compared }: ViewPlaces,
): PatchMatches =>
  scope(() => {
    const found = places.map((place, view) => {
      const own = taps.map((tap) => slice(tap, [[view, view + 1]]));
      return compared[place].map((tile) => matchTile(bank, own, tile)).reduce(better);
    });
    return {
      similarity: concat(found.map(({ similarity }) => similarity)),
      rows: concat(found.map(({ rows }) => rows)),
    };
  });

/** The matches of a view in one tile of the prompts, tap by tap, [1, blocks, patches]. */
function matchTile(bank: PromptBank, taps: readonly Tensor[], tile: number): PatchMatches {
  const blocks = bank.tiles.map((tiles) => tiles[tile]);
  const { similarity, rows } = matchPatches(taps, blocks);
  return { similarity, rows: add(mul(rows, bank.tiles[0].length), tile) };
}

/** Of two matches of each patch the nearer one, in each tap; of equal ones the first. */
function better(a: PatchMatches, b: PatchMatches): PatchMatches {
  const nearer = greater(b.similarity, a.similarity);
  const blocks = nearer.shape[1];
  const deepest = reshape(slice(nearer, [null, [blocks - 1, blocks]]), a.rows.shape);
  return { similarity: where(nearer, b.similarity, a.similarity), rows: where(deepest, b.rows, a.rows) };
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
