import {
  add,
  arange,
  argmax,
  gather,
  max,
  mean,
  mul,
  nearestRows,
  type PackedRows,
  reshape,
  scope,
  slice,
  softmax,
  sqrt,
  squaredDistances,
  sum,
  type Tensor,
} from "@inctrl/tensor";

export interface PatchScoreOptions {
  /** Bank rows whose distances a patch averages. Default 1. */
  readonly neighbours?: number;
  /** `squared` is the official program's. Default `euclidean`. */
  readonly distance?: "euclidean" | "squared";
  /** b of equation 7, the bank rows about the nearest one; 0 and 1 weigh nothing. Default 0. */
  readonly reweight?: number;
}

export interface PatchScores {
  /** Of each view, [views]. */
  readonly score: Tensor;
  /** Of each patch, [views, patches]. */
  readonly patches: Tensor;
  /** The nearest bank row of each patch, int32 [views, patches]. */
  readonly index: Tensor;
  /** The weight of equation 7, [views]; null where nothing is weighed. */
  readonly weight: Tensor | null;
}

/**
 * Scores patches by their distance to a bank (paper, section 3.3). The image's score is its largest patch's, weighed by equation 7 where
 * it is asked for.
 *
 * @param x embedded patches, [views, patches, width].
 */
export function scorePatches(
  x: Tensor,
  bank: PackedRows,
  { neighbours = 1, distance = "euclidean", reweight = 0 }: PatchScoreOptions = {},
): PatchScores {
  return scope(() => {
    const rows = bank.matrix.n;
    const found = nearestRows(x, bank, Math.min(neighbours, rows));
    const apart = distance === "squared" ? found.squared : sqrt(found.squared);
    const [views, count] = x.shape;
    const index = reshape(slice(found.index, [null, null, [0, 1]]), [views, count]);
    const patches = mean(apart, 2);
    const b = Math.min(reweight, rows);
    if (b < 2) return { score: max(patches, 1), patches, index, weight: null };
    const nearest = reshape(slice(apart, [null, null, [0, 1]]), [views, count]);
    // The places of each view's farthest patch among the patches of all views.
    const place = add(argmax(nearest, 1), mul(arange(x.device, views, "int32"), count));
    const patch = gather(reshape(x, [views * count, -1]), place);
    const closest = gather(bank.rows, gather(reshape(index, [-1]), place));
    const about = nearestRows(closest, bank, b).index;
    const shares = softmax(sqrt(squaredDistances(patch, bank.rows, about)), 1);
    // 1 - exp(s*) / sum of exp, the nearest row being the first of those about it: the shares of the others.
    const weight = sum(slice(shares, [null, [1, b]]), 1);
    return { score: mul(weight, max(nearest, 1)), patches, index, weight };
  });
}
