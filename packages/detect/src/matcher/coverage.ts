import { sharedLayout } from "../backbone/backbone.js";
import type { Encoder } from "../encoder/encoder.js";
import { encodePrompts } from "../encoder/prompts.js";
import { tokenValues } from "../encoder/recipe.js";
import { DetectError } from "../errors.js";
import { evenly } from "../evaluation/limit.js";
import type { ImageItem } from "../images/source.js";
import { meanOf, medianOf } from "../metrics/metrics.js";
import { PatchPool, type Residual } from "./patch-pool.js";

/** Bytes that the patches of a pool may take on the device. */
const POOL_BYTES = 2 ** 30;

/** Bytes of found cosines that are kept, so that they need not be searched again. */
const KEPT_BYTES = 2 ** 28;

/** An image is unlike the pool from this many median deviations above the median on, 3.4 standard deviations of a bell curve. */
const FAR = 5;
/** Fewer images tell nothing of what is far. */
const MIN_POOL = 8;
/** Least deviation: below lies what float32 makes of equal patches. */
const ROUNDING = 1e-6;

export interface CoverOptions {
  /** Images to choose. */
  readonly shots: number;
  /** Images that are compared at most; larger pools are thinned evenly, also above 1 GiB of patches. Default 400, on a software adapter 100. */
  readonly most?: number;
  /** Symmetries of the square that a prompt is compared in. Default: as the backbone's configuration says. */
  readonly symmetries?: number;
  readonly signal?: AbortSignal;
  /** Told of an image that cannot be read, which is then left out. Without it such an image is an error. */
  readonly onSkipped?: (item: ImageItem, error: Error) => void;
  /** Told of searches done, and of how many there will be about. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A chosen image, and what it does for the rest. */
export interface CoverStep {
  readonly name: string;
  /** Mean residual of the pool's patches with the images chosen so far as prompts. */
  readonly left: number;
  /** What it takes away, as a share of the residual with one prompt drawn at random. */
  readonly share: number;
}

/** Which images of a pool cover the rest best. */
export interface Coverage {
  /** Images that were compared. */
  readonly compared: number;
  /** Mean residual of the pool with one prompt drawn at random. */
  readonly alone: number;
  /** The best first. */
  readonly chosen: readonly CoverStep[];
  /** Images that look unlike all others, the most unlike first. They are not chosen, nor need they be covered. */
  readonly unusual: readonly { readonly name: string; readonly peak: number }[];
  /** The residual from which an image counts as unusual; null for pools too small to tell. */
  readonly bound: number | null;
}

/**
 * The K images of a pool that cover the rest best, by greedy coverage: each is the one that lowers most what the patch residual says of
 * the pool's other images on the mean. The gain never grows with what is chosen already, so that greedy coverage takes away at least
 * 63% of what the best K images would (Nemhauser, Wolsey and Fisher 1978).
 *
 * @throws DetectError `shots` for fewer images than are to be chosen; `blocks` for taps of several grids.
 * @example
 * const { chosen } = await coverPool(encoder, fileImages(paths), { shots: 4 });
 */
export async function coverPool(
  encoder: Encoder,
  images: readonly ImageItem[],
  { shots, most, symmetries, signal, onSkipped, onProgress }: CoverOptions,
): Promise<Coverage> {
  sharedLayout(encoder.layouts);
  const bearable = most ?? (encoder.backbone.device.caps.software ? 100 : 400);
  const variants = symmetries ?? encoder.backbone.promptSymmetries;
  // The patches of an image lie there as they are, and in each symmetry.
  const fitting = Math.floor(POOL_BYTES / (4 * tokenValues(encoder) * (variants + 1)));
  const some = evenly(images, Math.max(1, Math.min(bearable, fitting)));
  const prompts = await encodePrompts(encoder, some, { symmetries: variants, onSkipped, signal });
  const names = prompts.map(({ name }) => name);
  using pool = joined(prompts, encoder, variants);
  signal?.throwIfAborted();
  if (pool.size < shots)
    throw new DetectError(
      "shots",
      `there are ${pool.size} images to choose ${shots} of; give more, or choose fewer`,
    );
  const search = searchOf(pool, signal, onProgress);
  const { alone, others } = await compareAll(pool, search);
  const bound = boundOf(others);
  const far = others.map(({ peak }) => bound !== null && peak > bound);
  const usual = [...alone.keys()].filter((image) => !far[image]);
  const start = meanOf(usual.map((image) => meanOf(usual.map((other) => alone[image][other]))));
  const steps = await choose(pool, usual, alone, Math.min(shots, usual.length), search);
  const before = [start, ...steps.map(({ left }) => left)];
  const chosen = steps.map(({ image, left }, i) => ({
    ...{ name: names[image], left },
    share: start > 0 ? (before[i] - left) / start : 0,
  }));
  const unusual = others
    .map(({ peak }, image) => ({ name: names[image], peak }))
    .filter((_, image) => far[image])
    .sort((a, b) => b.peak - a.peak);
  return { compared: pool.size, alone: start, chosen, unusual, bound };
}

/** Prompts as a pool; each is freed once the pool has its patches. */
function joined(
  prompts: Awaited<ReturnType<typeof encodePrompts>>,
  { batch }: Encoder,
  variants: number,
): PatchPool {
  let taken = 0;
  function* freed() {
    for (; taken < prompts.length; prompts[taken++].dispose()) yield prompts[taken];
  }
  try {
    return new PatchPool(freed(), { variants, batch });
  } finally {
    for (const prompt of prompts.slice(taken)) prompt.dispose();
  }
}

type Search = (image: number) => Promise<Float32Array>;

/** Searches a pool, and keeps what is found as far as there is room: all is asked for about twice. */
function searchOf(
  pool: PatchPool,
  signal: CoverOptions["signal"],
  onProgress: CoverOptions["onProgress"],
): Search {
  const kept = new Map<number, Float32Array>();
  let [bytes, done] = [0, 0];
  return async (image) => {
    const known = kept.get(image);
    if (known) return known;
    signal?.throwIfAborted();
    const found = await pool.nearestTo(image);
    bytes += found.byteLength;
    if (bytes <= KEPT_BYTES) kept.set(image, found);
    const again = Math.max(0, pool.size - Math.floor(KEPT_BYTES / found.byteLength));
    onProgress?.(++done, Math.max(done, pool.size + again));
    return found;
  };
}

/** What images of a pool are from each other. */
export interface Compared {
  /** By a prompt and an image: the mean residual of the image with that prompt alone. */
  readonly alone: readonly Float64Array[];
  /** Of each image with all others as prompts. */
  readonly others: readonly Residual[];
}

/** Compares all images of a pool with each other. */
export async function compareAll(pool: PatchPool, search: Search): Promise<Compared> {
  const alone: Float64Array[] = [];
  let best: Float32Array = new Float32Array(0);
  for (let image = 0; image < pool.size; image++) {
    const found = await search(image);
    alone.push(Float64Array.from(pool.residuals(found), ({ mean }) => mean));
    if (image === 0) best = new Float32Array(found.length).fill(-1);
    const [from, to] = pool.rangeOf(image);
    // An image is no prompt of itself.
    for (let at = 0; at < found.length; at++) {
      const patch = at % pool.patches;
      if ((patch < from || patch >= to) && found[at] > best[at]) best[at] = found[at];
    }
  }
  return { alone, others: pool.residuals(best) };
}

/** The largest residual of images that are like the others; null where they are too few. */
export function boundOf(others: readonly Residual[]): number | null {
  if (others.length < MIN_POOL) return null;
  const peaks = others.map(({ peak }) => peak);
  const middle = medianOf(peaks);
  const deviation = medianOf(peaks.map((peak) => Math.abs(peak - middle)));
  return middle + FAR * Math.max(deviation, ROUNDING);
}

/** Greedy coverage of the usual images by some of them, the first of equals first. */
async function choose(
  pool: PatchPool,
  usual: readonly number[],
  alone: readonly Float64Array[],
  shots: number,
  search: Search,
): Promise<{ image: number; left: number }[]> {
  const over = (residuals: (image: number) => number) => meanOf(usual.map(residuals));
  const steps: { image: number; left: number }[] = [];
  let best: Float32Array = new Float32Array(0);
  // Gains only fall, so that an image whose gain was below another's present one need not be tried again (Minoux 1978).
  let gains = usual.map((image) => ({ image, gain: 1 - over((other) => alone[image][other]), at: 0 }));
  for (let left = 1; steps.length < shots; ) {
    gains.sort((a, b) => b.gain - a.gain || a.image - b.image);
    const [first, ...rest] = gains;
    if (first.at < steps.length) {
      const residuals = pool.residuals(larger(best, await search(first.image)));
      gains = [{ ...first, gain: left - over((other) => residuals[other].mean), at: steps.length }, ...rest];
      continue;
    }
    const found = await search(first.image);
    best = steps.length === 0 ? found : larger(best, found);
    left -= first.gain;
    steps.push({ image: first.image, left });
    gains = rest;
  }
  return steps;
}

const larger = (a: Float32Array, b: Float32Array): Float32Array =>
  a.map((value, at) => Math.max(value, b[at]));
