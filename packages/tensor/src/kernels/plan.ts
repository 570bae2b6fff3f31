import type { Caps } from "../device/caps.js";
import type { AttentionVariant } from "./attention.js";
import { LANES, TILE, tileBytes, WIDEST } from "./attention-tile.js";
import { ROW_THREADS } from "./grid.js";
import { shorter } from "./matrix.js";
import { joinsLanes } from "./nearest.js";
import { type Tile, tileHeight, tileWidth } from "./tile.js";
import { MATRIX_KEY, RULE_KEY, SEARCH_KEY, type Tuning, tuningKey } from "./tuning.js";
import { busyOf, imageTiles, WORKGROUP_TILES, workgroupsOf, workgroupTile } from "./workgroup-tiles.js";

type PlanCaps = Pick<Caps, "family" | "subgroupSize" | "software">;

/** Columns of a packed panel on an adapter: the lanes of one tile row, 4 columns each. */
export function panelWidth(caps: PlanCaps): number {
  return 4 * lanesOf(caps);
}

function lanesOf({ family, subgroupSize }: PlanCaps): number {
  if (family === "subgroup") return subgroupSize;
  return family === "workgroup" ? 16 : 8;
}

/** What a tile is for: a nearest-row search, or a product. */
interface GemmUse {
  search?: boolean;
  /**
   * Values of a row of `a` that lie side by side from a multiple of 4 on, where the right operand is packed; else 0. Panel and direct tiles
   * need both.
   */
  run?: number;
  /** The right operand is packed in float16, so that matrices may multiply it. */
  halves?: boolean;
}

/**
 * The tile for `batch` products of m x k x n: the tuned one for this shape where there is one, else by rule. Few rows take short tiles, so
 * that little of a tile is wasted. The heights were measured on llvmpipe.
 */
export function planGemm(
  m: number,
  k: number,
  n: number,
  caps: PlanCaps,
  tuning?: Tuning,
  batch = 1,
  { search = false, run = 0, halves = false }: GemmUse = {},
): Tile {
  // Before what was measured for a shape, since results must not depend on the number of rows.
  const matrix = halves ? tuning?.get(MATRIX_KEY) : undefined;
  if (matrix?.kind === "matrix" && k % matrix.steps === 0)
    return workgroupsOf(matrix, m, n, batch) < busyOf(tuning?.get(RULE_KEY)) ? shorter(matrix) : matrix;
  const kept = tuning?.size ? tuning.get(tuningKey(m, k, n)) : undefined;
  const fits = ({ kind, steps }: Tile) => {
    if (kind === "direct" && search) return false;
    return kind === "panel" || kind === "direct" ? run > 0 && run % steps === 0 : k % steps === 0;
  };
  if (kept && fits(kept)) return kept;
  const lanes = lanesOf(caps);
  const { family } = caps;
  if (family === "workgroup") return workgroupTile(m, k, n, batch, tuning?.get(RULE_KEY), search ? 0 : run);
  const small = batch * m * k * Math.max(n, 4 * lanes) < SMALL;
  const vectors = n > 4 * lanes && !small ? 2 : 1;
  if (family === "register")
    return {
      kind: family,
      lanes,
      lines: 1,
      rows: m <= 4 || small ? 4 : 8,
      vectors,
      steps: k % 2 === 0 ? 2 : 1,
    };
  const largest = tuning?.get(search ? SEARCH_KEY : RULE_KEY);
  if (largest?.kind === "panel" && fits(largest) && worthPanels(largest, m, k, n, batch))
    return { ...largest, rows: panelRows(largest, m, batch * Math.ceil(n / tileWidth(largest))) };
  const heights = HEIGHTS[search ? "search" : "product"];
  return {
    kind: family,
    lanes,
    lines: 1,
    rows: small ? heights[0] : cheapest(heights, m, costOf),
    vectors,
    steps: k % 2 === 0 ? 2 : 1,
  };
}

/**
 * Rows of tiles that keep their sums in registers; each height compiles a kernel of its own. They add two values of k a turn. The loop of more
 * than 30 rows outgrows a core's cache of decoded instructions (26 KiB), and may then run at four fifths of its speed; the search takes 38 rows
 * as well, which are fast in its one kernel and cover the 225 patches of an image in 6 tiles.
 */
const HEIGHTS = { product: [8, 16, 24, 26, 29], search: [8, 16, 24, 26, 29, 38] } as const;

/** Multiply-adds of the smallest work for panels, a millisecond: a kernel of them takes a second or two to compile. */
const PANEL = 2 ** 22;

/** Few rows do not pay for the block that a panel tile keeps. */
const worthPanels = ({ lanes }: Tile, m: number, k: number, n: number, batch: number): boolean =>
  m >= 32 && n > 4 * lanes && batch * m * k * n >= PANEL;

/** Rows of panel tiles, `across` of which hold the columns: all that a tile has, or half where that would give few workgroups. */
const panelRows = ({ rows }: Tile, m: number, across: number): number =>
  across * Math.ceil(m / rows) < FEW_PANELS ? Math.ceil(rows / 2) : rows;
const FEW_PANELS = 8;

/**
 * The tile of the second rule, for large products; all others follow the default. Of depths of 32, 64 and 128 values of k, and of 4, 8 and 12
 * columns a lane it was the fastest on Zen 3. More rows are faster, since they share the load of a block, and take longer to compile; 257 hold
 * the tokens of an image of every usual tower (197, 226, 257).
 */
const panelTile = (lanes: number): Tile => ({
  kind: "panel",
  lanes,
  lines: 1,
  rows: 257,
  vectors: 2,
  steps: 64,
});

/**
 * The largest tile of each rule, the default first, among which `tuneRule` chooses; on GPUs all tiles for `IMAGE_SHAPE`. Empty where there is
 * one rule.
 */
export function ruleTiles(caps: PlanCaps): Tile[] {
  if (caps.family === "register") return [];
  if (caps.family === "workgroup") return imageTiles();
  const lanes = lanesOf(caps);
  const rows = Math.max(...HEIGHTS.product);
  return [
    { kind: "subgroup", lanes, lines: 1, rows, vectors: 2, steps: 2 },
    ...(64 % (4 * lanes) === 0 ? [panelTile(lanes)] : []),
  ];
}

/** The tiles worth measuring on an adapter; larger ones outgrow registers or caches. */
export function gemmCandidates(caps: PlanCaps): Tile[] {
  const lanes = lanesOf(caps);
  const { family: kind } = caps;
  if (kind === "workgroup")
    return [4, 1].flatMap((steps) => WORKGROUP_TILES.map((tile) => ({ ...tile, steps })));
  const heights = kind === "register" ? [4, 8, 16] : [...HEIGHTS.search, 32, 40, 48];
  const inRegisters = heights.flatMap((rows) =>
    [1, 2, 3].flatMap((vectors) =>
      [1, 2]
        .filter((steps) => rows * vectors * steps <= 160)
        .map((steps): Tile => ({ kind, lanes, lines: 1, rows, vectors, steps })),
    ),
  );
  return [...inRegisters, ...ruleTiles(caps).filter((tile) => tile.kind === "panel")];
}

/**
 * Work of fewer multiply-adds takes the smallest tile. That costs a few microseconds; every taller tile is a kernel of its own, which takes
 * llvmpipe up to a second to compile.
 */
const SMALL = 2 ** 17;

/** The cost of a tile in rows of multiply-adds; the loads of columns, which its rows share, cost as much as SHARED_ROWS. */
const costOf = (rows: number): number => rows + SHARED_ROWS;
const SHARED_ROWS = 12;

/** The height of tiles that cover m rows at the least cost; of equals the shortest. */
function cheapest(heights: readonly number[], m: number, costOf: (rows: number) => number): number {
  const cost = (rows: number) => Math.ceil(m / rows) * costOf(rows);
  return heights.reduce((best, rows) => (cost(rows) < cost(best) ? rows : best));
}

/**
 * The tile of a nearest-row search, the number of such tiles of columns in the bank, and the number of shares that they are cut into: one
 * tile each for subgroups, which join their lanes, elsewhere as many as keep every core busy.
 */
export function planNearest(
  m: number,
  k: number,
  n: number,
  caps: PlanCaps,
  tuning?: Tuning,
): { tile: Tile; tiles: number; shares: number } {
  const tile = planGemm(m, k, n, caps, tuning, 1, { search: true, run: k });
  const tiles = Math.ceil(n / tileWidth(tile));
  if (joinsLanes(tile)) return { tile, tiles, shares: tiles };
  const wanted = caps.family === "workgroup" ? 512 : 32;
  return {
    tile,
    tiles,
    shares: Math.min(tiles, Math.max(1, Math.ceil(wanted / Math.ceil(m / tileHeight(tile))))),
  };
}

/** `tq` queries see `tk` keys, `d` columns a head. */
interface AttentionSizes {
  batch: number;
  heads: number;
  tq: number;
  tk: number;
  d: number;
}

/** The cost of reading the keys, in queries of a tile of attention. */
const SHARED_QUERIES = 8;
/** Queries of the tallest tile of attention. */
const MAX_QUERIES = 40;

/** How attention is split, of `tq` queries a head; `vector` where every offset and stride is a multiple of 4. */
export function planAttention(
  { batch, heads, tq, tk, d }: AttentionSizes,
  vector: boolean,
  caps: PlanCaps & Pick<Caps, "maxWorkgroupBytes">,
  tuning?: Tuning,
): Omit<AttentionVariant, "causal" | "mask"> {
  const { family: kind } = caps;
  if (kind === "workgroup" && d <= WIDEST) {
    // An invocation keeps whole vectors, and may keep a half.
    const { parts: halves, whole } = keptOf(d, 2 * LANES);
    if (tileBytes(halves / 2) <= caps.maxWorkgroupBytes)
      return { kind, ...TILE, tiled: true, parts: halves / 2, whole, vector };
  }
  const lanes = kind === "workgroup" ? 64 : lanesOf(caps);
  if (kind !== "subgroup") {
    // Compilers spill more than 64 columns.
    const sharers = kind === "register" ? 1 : 4;
    return { kind, lanes, rows: lanes / sharers, tiled: false, ...keptOf(d, 4 * sharers), vector: false };
  }
  const panel = tuning?.get(RULE_KEY);
  const kept = keptOf(d, 4 * lanes);
  const work = 2 * batch * heads * tq * tk * d;
  if (
    panel?.kind === "panel" &&
    vector &&
    kept.whole &&
    kept.parts <= panel.vectors &&
    tq >= 32 &&
    work >= PANEL
  )
    return { kind: "panel", lanes, rows: panelRows(panel, tq, batch * heads), tiled: false, ...kept, vector };
  // Wide heads keep more sums of a query.
  const tallest = d > 8 * lanes ? 3 : 5;
  const small = work < SMALL;
  const heights = Array.from({ length: small ? 1 : tallest }, (_, i) => (i + 1) * lanes).filter(
    (rows) => rows <= Math.max(lanes, MAX_QUERIES),
  );
  return {
    kind: "subgroup",
    lanes,
    rows: cheapest(heights, tq, (rows) => rows + SHARED_QUERIES),
    tiled: false,
    ...kept,
    vector,
  };
}

/** How many times `columns` columns hold a head, and whether it fills them. */
const keptOf = (headWidth: number, columns: number) => ({
  parts: Math.ceil(headWidth / columns),
  whole: headWidth % columns === 0,
});

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
