import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Moments } from "./moments.js";

/** Directions in which normal patches hardly vary. */
export interface Subspace {
  /** Components that hold the share of the variance asked for. */
  readonly components: number;
  /** Variance along every direction, largest first; the divisor is the number of rows less 1. */
  readonly variances: Float64Array;
  /** [width]. */
  readonly mean: Float64Array;
  /** The directions outside the components, unit columns, [width, width - components]. */
  readonly rest: Float32Array;
}

/**
 * The principal subspace of normal patches (SubspaceAD, section 3): the fewest components that hold `share` of the variance. What
 * is kept are the directions outside of it, since an anomaly is what lies there: a squared residual is a sum of squares then, and
 * not a difference of large numbers.
 *
 * @param share of the variance, above 0 and at most 1.
 */
export function principalSubspace({ count, mean, scatter }: Moments, share: number): Subspace {
  const width = mean.length;
  const covariance = Matrix.from1DArray(width, width, scatter).div(Math.max(1, count - 1));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const variances = Float64Array.from(order, (i) => Math.max(0, realEigenvalues[i]));
  const total = variances.reduce((sum, value) => sum + value, 0);
  let components = 0;
  // A direction is always left outside: scores would all be 0 else.
  for (let held = 0; components < width - 1 && held < share * total; components++)
    held += variances[components];
  const outside = order.slice(components);
  const rest = new Float32Array(width * outside.length);
  for (let row = 0; row < width; row++)
    for (let i = 0; i < outside.length; i++)
      rest[row * outside.length + i] = eigenvectorMatrix.get(row, outside[i]);
  return { components, variances, mean, rest };
}
