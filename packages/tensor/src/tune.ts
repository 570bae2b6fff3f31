import type { Device } from "./device/device.js";
import { TensorError } from "./errors.js";
import { matrixTile } from "./kernels/matrix.js";
import { gemmCandidates, planGemm, ruleTiles } from "./kernels/plan.js";
import type { Tile } from "./kernels/tile.js";
import { MATRIX_KEY, RULE_KEY, SEARCH_KEY, tuningKey } from "./kernels/tuning.js";
import { IMAGE_SHAPE } from "./kernels/workgroup-tiles.js";
import { matmul } from "./ops/matmul.js";
import { packMatrix } from "./ops/packed.js";
import { uniform } from "./random.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/** What tuning found for one product. */
export interface TunedProduct {
  /** Rows, inner size, columns. */
  readonly shape: readonly [number, number, number];
  /** The tile of the planner's rule, and its median time in milliseconds. */
  readonly planned: Tile;
  readonly plannedMs: number;
  /** The fastest tile and its median time; the planned one unless another is clearly faster. */
  readonly best: Tile;
  readonly bestMs: number;
  /** How many tiles were measured. */
  readonly candidates: number;
}

export interface TuneOptions {
  /** Timed runs of each tile, interleaved. Default 7. */
  readonly runs?: number;
  /** Called after each product. */
  readonly onProduct?: (found: TunedProduct) => void;
  readonly signal?: AbortSignal;
}

/**
 * Brings back what tuning found earlier. Entries that are no tile of this adapter are left out: a file is not believed.
 *
 * @returns how many were taken.
 * @example
 * restoreTuning(device, JSON.parse(text));
 */
export function restoreTuning(
  device: Pick<Device, "caps" | "tuning">,
  entries: Readonly<Record<string, unknown>>,
): number {
  const candidates = gemmCandidates(device.caps);
  const { matrix } = device.caps;
  let taken = 0;
  const tilesOf = (key: string): Tile[] => {
    if (key === RULE_KEY) return ruleTiles(device.caps);
    return key === MATRIX_KEY && matrix ? [matrixTile(matrix)] : candidates;
  };
  for (const [key, entry] of Object.entries(entries)) {
    const tile = tilesOf(key).find((candidate) => entry !== null && same(candidate, entry as Tile));
    if (!tile) continue;
    device.tuning.set(key, tile);
    taken++;
  }
  return taken;
}

const WARM_UPS = 3;
/** A tile runs as often as takes this long, so that the products are measured and not the wait for them. */
const LONG_ENOUGH_MS = 10;
/** Another tile replaces the planned one only below this share of its time: smaller gains are noise. */
export const MARGIN = 0.97;
/** Bound on differences of sums in another order, relative to the largest value. */
const EQUAL = 1e-4;
/** Tiles fed by subgroups all add in the order of k, and the bits of a score must not depend on which is taken. */
const toleranceOf = ({ kind }: Tile): number => (kind === "subgroup" || kind === "panel" ? 0 : EQUAL);

/**
 * Measures the tiles of matrix products of the given shapes and puts the fastest into `device.tuning`. Later products of about that
 * shape, and nearest-row searches, are planned by it. A tile is measured only after its result equals that of the planned tile.
 *
 * @param shapes [rows, inner, columns] each.
 * @throws TensorError `kernel` where a tile gives another result: the driver computes wrongly.
 * @example
 * await tuneProducts(device, [[226, 896, 3584]]);
 * save(Object.fromEntries(device.tuning));
 */
export async function tuneProducts(
  device: Device,
  shapes: readonly (readonly [number, number, number])[],
  { runs = 7, onProduct, signal }: TuneOptions = {},
): Promise<TunedProduct[]> {
  const found: TunedProduct[] = [];
  for (const shape of shapes) {
    if (signal?.aborted) break;
    const product = await tuneProduct(device, shape, runs);
    device.tuning.set(tuningKey(...shape), product.best);
    found.push(product);
    onProduct?.(product);
  }
  return found;
}

/** The product by which the rule of subgroups is chosen: 34 million multiply-adds, of which no rule's tiles waste more than 3%. */
const RULE_SHAPE = [2 * 257, 256, 256] as const;
const RULE_RUNS = 5;
/**
 * How many times as fast as the default's products those of panel tiles must be for searches to take panels too. The default's search has
 * taller tiles: where products gained 1.12 a search lost 0.97, where AVX2 is all there is a search gained 1.4.
 */
const SEARCH_GAIN = 1.25;

/**
 * Measures which rule for tiles is fastest on an adapter, and puts it into `device.tuning`: later products of any shape follow it, but for
 * shapes that `tuneProducts` measured. On a software adapter it depends on the processor: two kernels are compiled, which takes a second
 * or two once, and run for half a second. On a GPU it depends on how many workgroups keep it busy: five kernels run for
 * 10 ms, eight times each. Results have the same bits under every rule.
 *
 * @returns what was found, on software adapters with times of the processor; null where there is one rule, as without subgroups.
 * @throws TensorError `kernel` where a tile gives other bits than the default: the driver computes wrongly.
 * @example
 * await tuneRule(device);
 */
export const tuneRule = (device: Device): Promise<TunedProduct | null> =>
  measureRule(device, device.caps.family === "workgroup" ? IMAGE_SHAPE : RULE_SHAPE, RULE_RUNS);

/** `tuneRule` by a product of this shape. */
export async function measureRule(
  device: Device,
  shape: TunedProduct["shape"],
  runs: number,
): Promise<TunedProduct | null> {
  const tiles = ruleTiles(device.caps);
  if (tiles.length < 2) return null;
  const found = await measureTiles(
    device,
    shape,
    tiles,
    runs,
    device.caps.software ? processorTime : undefined,
  );
  device.tuning.set(RULE_KEY, found.best);
  const searchGains = found.best.kind === "panel" && found.plannedMs >= SEARCH_GAIN * found.bestMs;
  if (searchGains) device.tuning.set(SEARCH_KEY, found.best);
  else device.tuning.delete(SEARCH_KEY);
  return found;
}

/** The largest tile of the rule that a device follows (of a GPU that of `IMAGE_SHAPE`), and whether it was measured there; null where there is one rule. */
export function ruleOf({
  caps,
  tuning,
}: Pick<Device, "caps" | "tuning">): { tile: Tile; measured: boolean } | null {
  const [byDefault] = ruleTiles(caps);
  if (!byDefault) return null;
  const kept = tuning.get(RULE_KEY);
  return { tile: kept ?? byDefault, measured: kept !== undefined };
}

async function tuneProduct(
  device: Device,
  shape: readonly [number, number, number],
  runs: number,
): Promise<TunedProduct> {
  const [m, k, n] = shape;
  const key = tuningKey(m, k, n);
  const before = device.tuning.get(key);
  device.tuning.delete(key);
  const planned = planGemm(m, k, n, device.caps, device.tuning, 1, { run: k });
  if (before) device.tuning.set(key, before);
  const others = gemmCandidates(device.caps).filter((tile) => !same(tile, planned) && k % tile.steps === 0);
  return measureTiles(device, shape, [planned, ...others], runs);
}

/** Times tiles in turn, after their results were compared with those of the first, which stays unless another is clearly faster. */
async function measureTiles(
  device: Device,
  shape: readonly [number, number, number],
  tiles: readonly Tile[],
  runs: number,
  clock = () => performance.now(),
): Promise<TunedProduct> {
  const [m, k, n] = shape;
  const [planned] = tiles;
  const key = tuningKey(m, k, n);
  const before = device.tuning.get(key);
  const { x, weight } = scope(() => ({
    x: uniform(device, [m, k], { seed: 1 }),
    weight: packMatrix(uniform(device, [n, k], { seed: 2 }), { transposed: true }),
  }));
  const run = (tile: Tile): Tensor => {
    device.tuning.set(key, tile);
    return matmul(x, weight);
  };
  try {
    const want = await read(run(planned));
    for (const tile of tiles.slice(1)) refuseDifference(await read(run(tile)), want, tile, shape);
    const jobs = tiles.map((tile) => () => run(tile));
    const medians = await medianTimes(device, jobs, runs, clock);
    const fastest = medians.indexOf(Math.min(...medians));
    const best = medians[fastest] < medians[0] * MARGIN ? fastest : 0;
    return {
      shape,
      planned,
      plannedMs: medians[0],
      best: tiles[best],
      bestMs: medians[best],
      candidates: tiles.length,
    };
  } finally {
    if (before) device.tuning.set(key, before);
    else device.tuning.delete(key);
    x.dispose();
    weight.dispose();
  }
}

/** The median milliseconds of jobs that take turns, the first of which says how often each runs in a turn. */
export async function medianTimes(
  device: Device,
  jobs: readonly (() => Tensor)[],
  runs: number,
  clock = () => performance.now(),
): Promise<number[]> {
  const timed = async (job: () => Tensor, repeats: number): Promise<number> => {
    await device.sync();
    const start = clock();
    for (let i = 0; i < repeats; i++) job().dispose();
    await device.sync();
    return (clock() - start) / repeats;
  };
  // On a fast GPU one product takes less time than waiting for it.
  let repeats = 1;
  while (repeats < 1024 && (await timed(jobs[0], repeats)) * repeats < LONG_ENOUGH_MS) repeats *= 2;
  const times = jobs.map(() => [] as number[]);
  for (let i = -WARM_UPS; i < runs; i++) {
    for (const [j, job] of jobs.entries()) {
      const ms = await timed(job, repeats);
      if (i >= 0) times[j].push(ms);
    }
  }
  return times.map(median);
}

/** Milliseconds of processor time, which other work on the machine changes little; a software adapter computes in this process. */
function processorTime(): number {
  if (typeof process === "undefined" || !process.cpuUsage) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

async function read(made: Tensor): Promise<Float32Array> {
  const values = await made.data();
  made.dispose();
  return values;
}

function refuseDifference(got: Float32Array, want: Float32Array, tile: Tile, shape: readonly number[]): void {
  const largest = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const at = got.findIndex((v, i) => !(Math.abs(v - want[i]) <= toleranceOf(tile) * largest));
  if (at === -1) return;
  throw new TensorError(
    "kernel",
    `tune: a ${tile.kind} tile of ${tile.rows} x ${4 * tile.vectors} gives ${got[at]} where ${want[at]} is right (product ` +
      `${shape.join(" x ")}, value ${at}); update the driver, or choose another adapter`,
  );
}

/** Whether an entry is this tile. Files written before tiles had lines hold none. */
const same = (a: Tile, b: Tile): boolean =>
  a.kind === b.kind &&
  a.lanes === b.lanes &&
  a.lines === (b.lines ?? 1) &&
  a.rows === b.rows &&
  a.vectors === b.vectors &&
  a.steps === b.steps;

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
