import type { Caps } from "../device/caps.js";
import type { Tile } from "./gemm.js";

type PlanCaps = Pick<Caps, "family" | "subgroupSize">;

/** Columns of a packed panel on an adapter: the lanes of one tile row, 4 columns each. */
export function panelWidth(caps: PlanCaps): number {
  return 4 * lanesOf(caps);
}

function lanesOf({ family, subgroupSize }: PlanCaps): number {
  if (family === "subgroup") return subgroupSize;
  return family === "workgroup" ? 16 : 8;
}

/**
 * The tile for a product of m x n outputs: few rows take short tiles, so that little of a tile is wasted; wide tiles
 * need enough of them to occupy every core. Measured on llvmpipe, see ARCHITECTURE.
 */
export function planGemm(m: number, n: number, caps: PlanCaps): Tile {
  const lanes = lanesOf(caps);
  if (caps.family === "workgroup") return { kind: "workgroup", lanes, rows: m <= 16 ? 1 : 4, vectors: 1 };
  const vectors = n > 4 * lanes ? 2 : 1;
  if (caps.family === "register") return { kind: "register", lanes, rows: m <= 4 ? 4 : 8, vectors };
  return { kind: "subgroup", lanes, rows: shortest(m, [lanes, 2 * lanes, 24, 32], lanes), vectors };
}

/** The candidate that wastes the fewest rows; the tallest of equals, 24 before 32. */
function shortest(m: number, candidates: readonly number[], lanes: number): number {
  if (m <= lanes) return lanes;
  let best = candidates[0];
  let bestCost = Number.POSITIVE_INFINITY;
  for (const rows of candidates) {
    if (rows % lanes !== 0) continue;
    // A tile of r rows costs r multiply-add rows plus a constant for the loads it shares.
    const cost = Math.ceil(m / rows) * (rows + 8) * (rows > 24 ? 1.08 : 1);
    if (cost <= bestCost) {
      best = rows;
      bestCost = cost;
    }
  }
  return best;
}
