// Which tile a product takes on a GPU: one of workgroup memory, or for few rows one that needs none.
import { type Tile, tileHeight, tileWidth } from "./tile.js";

/**
 * Tiles in workgroup memory, the largest first: 128 x 64, 64 x 64, 32 x 64, 32 x 32 and 16 x 32. The first two read workgroup memory once for
 * 16 multiply-adds, the others for 10.7, 8 and 8.
 */
export const WORKGROUP_TILES: readonly Omit<Tile, "steps">[] = [
  [16, 8, 2],
  [8, 8, 2],
  [8, 4, 2],
  [8, 4, 1],
  [4, 4, 1],
].map(([lines, rows, vectors]) => ({ kind: "workgroup", lanes: 8, lines, rows, vectors }));

/**
 * The tile of few rows, 2 x 64, without workgroup memory. With fewer rows the columns are read too often, and with more, or more values of k
 * a turn, AMD's compiler runs out of registers.
 */
const DIRECT: Tile = { kind: "direct", lanes: 16, lines: 1, rows: 2, vectors: 1, steps: 32 };

/** More workgroups of direct tiles than two a multiprocessor of middle size ask the cache of a GPU for more bytes than it gives. */
const MOST_DIRECT = 96;

/** Rows of the shortest tile in workgroup memory. */
const FEW = 16;

/** Rows, values of k and columns of a product of one image in ViT-B-16-plus-240. The tile that is fastest for it tells how large a GPU is. */
export const IMAGE_SHAPE = [226, 896, 896] as const;

/** Workgroups that keep a GPU of middle size busy: about as many as it has multiprocessors. */
const BUSY = 48;

/**
 * Workgroups that keep a GPU busy, which does not tell how many multiprocessors it has: as many as `IMAGE_SHAPE` takes in the tile that was
 * the fastest there.
 *
 * @param fastest that tile; a GPU of middle size is taken where it was not measured.
 */
export const busyOf = (fastest?: Tile): number =>
  fastest ? workgroupsOf(fastest, IMAGE_SHAPE[0], IMAGE_SHAPE[2], 1) : BUSY;

/** Workgroups that `batch` products of m x n values take. */
export const workgroupsOf = (tile: Omit<Tile, "steps">, m: number, n: number, batch: number): number =>
  batch * Math.ceil(m / tileHeight(tile)) * Math.ceil(n / tileWidth(tile));

/**
 * The largest tile that keeps the GPU busy; tiles that would be more than half empty are passed over. Few rows that keep it idle in the
 * smallest take the direct tile.
 *
 * @param fastest as `busyOf`.
 * @param run values that lie side by side in memory for a direct tile; 0 where it may not be taken.
 */
export function workgroupTile(m: number, k: number, n: number, batch: number, fastest?: Tile, run = 0): Tile {
  const busy = busyOf(fastest);
  const found = WORKGROUP_TILES.find(
    (tile) => workgroupsOf(tile, m, n, batch) >= busy && 2 * m > tileHeight(tile),
  );
  const direct = !found && m <= FEW && workgroupsOf(DIRECT, m, n, batch) <= MOST_DIRECT;
  if (direct && run > 0 && run % DIRECT.steps === 0) return DIRECT;
  const smallest = WORKGROUP_TILES.slice(m > FEW ? 3 : 4)[0];
  return stepping(found ?? smallest, k);
}

const stepping = (tile: Omit<Tile, "steps">, k: number): Tile => ({ ...tile, steps: k % 4 === 0 ? 4 : 1 });

/** All tiles for `IMAGE_SHAPE`, the one that is taken without a measurement first. */
export function imageTiles(): Tile[] {
  const [m, k, n] = IMAGE_SHAPE;
  const byDefault = workgroupTile(m, k, n, 1);
  const others = WORKGROUP_TILES.filter(
    ({ lines, rows, vectors }) =>
      lines !== byDefault.lines || rows !== byDefault.rows || vectors !== byDefault.vectors,
  );
  return [byDefault, ...others.map((tile) => stepping(tile, k))];
}
