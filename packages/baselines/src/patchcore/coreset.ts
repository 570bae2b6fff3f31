import { pythonSample } from "@inctrl/datasets";
import {
  argmax,
  concat,
  expand,
  less,
  matmul,
  mean,
  minimum,
  reshape,
  scope,
  sqrt,
  square,
  squaredDistances,
  sub,
  sum,
  type Tensor,
  tensor,
  uniform,
  where,
} from "@inctrl/tensor";

export interface CoresetOptions {
  /**
   * What a row's distance is at first: `norm` starts at the row whose distances to all others are largest together; `mean` (official
   * program) takes the mean distance to ten drawn rows, which stays in the running minimum; `first` (anomalib) that to one drawn row.
   */
  readonly start?: "norm" | "mean" | "first";
  /** Of the drawn rows, and of the projection. Default 0. */
  readonly seed?: number;
  /**
   * Width that rows are projected to at random first; rows of that width stay. `sparse`: by a matrix most of which is 0 (anomalib).
   * Default 128; null projects none.
   */
  readonly projection?: number | "sparse" | null;
}

const STARTS = 10;

/**
 * Greedy k-centres (paper, algorithm 1): the row farthest from those chosen, again and again. Nothing is read back between steps.
 *
 * @param rows [n, d].
 * @param count of rows to choose, from 1 to n.
 * @param starts rows to begin from, instead of drawn ones.
 * @returns rows in the order in which they are chosen, int32 [count].
 * @example const chosen = coreset(bank, Math.floor(0.1 * bank.shape[0]));
 */
export function coreset(
  rows: Tensor,
  count: number,
  { start = "mean", seed = 0, projection = 128 }: CoresetOptions = {},
  starts: readonly number[] = pythonSample(rows.shape[0], Math.min(STARTS, rows.shape[0]), seed),
): Tensor {
  return scope(() => {
    const points =
      projection === null
        ? rows
        : projection === "sparse"
          ? projectSparsely(rows, seed)
          : project(rows, projection, seed);
    let least = firstDistances(points, start, starts);
    const chosen: Tensor[] = [];
    for (let step = 0; step < count; step++) {
      const next = scope(() => {
        const farthest = reshape(argmax(least), [1]);
        const apart = reshape(distancesTo(points, farthest), [-1]);
        return { farthest, least: step === 0 && start === "norm" ? apart : minimum(least, apart) };
      });
      least.dispose();
      least = next.least;
      chosen.push(next.farthest);
    }
    return concat(chosen);
  });
}

/** Squared, [n]. */
function firstDistances(points: Tensor, start: CoresetOptions["start"], starts: readonly number[]): Tensor {
  // The sum of squared distances to all rows grows with the distance to their mean.
  if (start === "norm") return sum(square(sub(points, mean(points, 0, { keepDims: true }))), 1);
  const drawn = tensor(points.device, Int32Array.from(start === "first" ? starts.slice(0, 1) : starts));
  return square(mean(sqrt(distancesTo(points, drawn)), 1));
}

/** Squared distances to chosen rows, [n, chosen]. */
const distancesTo = (points: Tensor, chosen: Tensor): Tensor =>
  squaredDistances(points, points, expand(reshape(chosen, [1, -1]), [points.shape[0], chosen.size]));

/** A random linear map as a new layer of PyTorch has it, uniform within 1 / sqrt(d), but drawn by our own generator. */
function project(rows: Tensor, width: number, seed: number): Tensor {
  const d = rows.shape[1];
  if (d === width) return rows.view(rows.shape);
  const bound = 1 / Math.sqrt(d);
  return matmul(rows, uniform(rows.device, [width, d], { seed, low: -bound, high: bound }), {
    transposeB: true,
  });
}

/** Distances are kept to this share in the bound of Johnson and Lindenstrauss that gives the width. */
const DISTORTION = 0.9;

/** A very sparse random map (Li, Hastie and Church 2006) to as many values as n rows take: 1 and -1, each with the share 1 / (2 sqrt(d)), else 0. */
function projectSparsely(rows: Tensor, seed: number): Tensor {
  const [n, d] = rows.shape;
  const width = Math.max(1, Math.floor((4 * Math.log(n)) / (DISTORTION ** 2 / 2 - DISTORTION ** 3 / 3)));
  const half = 1 / (2 * Math.sqrt(d));
  return scope(() => {
    const drawn = uniform(rows.device, [width, d], { seed });
    const signs = where(less(drawn, half), -1, where(less(drawn, 2 * half), 1, 0));
    return matmul(rows, signs, { transposeB: true });
  });
}
