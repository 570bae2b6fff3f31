import type { Caps } from "../device/caps.js";
import type { AttentionVariant } from "./attention.js";
import type { Tile } from "./gemm.js";

type PlanCaps = Pick<Caps, "family" | "subgroupSize" | "software">;

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

/** Rows of a register tile above which spilling costs more than the loads it saves. */
const TALLEST = 32;

/** The candidate that wastes the fewest rows; the tallest of equals, 24 before 32. */
function shortest(m: number, candidates: readonly number[], lanes: number): number {
  if (m <= lanes) return lanes;
  let best = candidates[0];
  let bestCost = Number.POSITIVE_INFINITY;
  for (const rows of candidates) {
    if (rows % lanes !== 0 || rows > TALLEST) continue;
    // A tile of r rows costs r multiply-add rows plus a constant for the loads it shares.
    const cost = Math.ceil(m / rows) * (rows + 8) * (rows > 24 ? 1.08 : 1);
    if (cost <= bestCost) {
      best = rows;
      bestCost = cost;
    }
  }
  return best;
}

/** The tile of a nearest-row search and into how many shares the bank is cut, so that every core has work. */
export function planNearest(m: number, n: number, caps: PlanCaps): { tile: Tile; shares: number } {
  const tile = planGemm(m, n, caps);
  const height = tile.kind === "workgroup" ? 16 * tile.rows : tile.rows;
  const wanted = caps.family === "workgroup" ? 512 : 32;
  return { tile, shares: Math.max(1, Math.ceil(wanted / Math.ceil(m / height))) };
}

/** How attention over `tq` queries is shared out. */
export function planAttention(
  tq: number,
  caps: PlanCaps,
): Pick<AttentionVariant, "kind" | "lanes" | "rows" | "unroll"> {
  const unroll = !caps.software;
  const lanes = caps.family === "workgroup" ? 64 : lanesOf(caps);
  if (caps.family !== "subgroup") return { kind: caps.family, lanes, rows: lanes, unroll };
  return { kind: "subgroup", lanes, rows: tq <= lanes ? lanes : 2 * lanes, unroll };
}

/** Threads of a workgroup that shares a row. */
const ROW_THREADS = 128;

/**
 * How rows of n values, `inner` elements apart, are reduced: by how many threads each, and cut into how many parts that
 * a second stage joins. Few long rows are cut so that every core has work; rows of a strided axis lie side by side, so
 * they take one thread each.
 */
export function planReduce(
  rows: number,
  n: number,
  inner: number,
  caps: PlanCaps,
): { threads: number; parts: number } {
  const shared = caps.family === "workgroup" && inner === 1 && n >= 64;
  const [busy, shortestPart] = shared ? [512, 4096] : caps.family === "workgroup" ? [16384, 64] : [256, 128];
  const parts = Math.max(1, Math.min(Math.ceil(busy / Math.max(1, rows)), Math.floor(n / shortestPart)));
  return { threads: shared ? ROW_THREADS : 1, parts };
}

/** Threads for each row of n values, `inner` elements apart, of an op that reads a row more than once. */
export function planRows(rows: number, n: number, inner: number, caps: PlanCaps): number {
  if (caps.family === "workgroup") return inner === 1 && n >= 64 ? ROW_THREADS : 1;
  return inner === 1 && rows < 8 && n >= 4096 ? ROW_THREADS : 1;
}
