/** Share of the patches whose mean is the score of an image. */
const TOP_SHARE = 0.01;

/** Number of the largest values whose mean is the score of `count` patches: a hundredth, and at least one. */
export const topCount = (count: number): number => Math.max(1, Math.floor(TOP_SHARE * count));

/**
 * The score of an image: the mean of its largest hundredth of values, and below 200 values the largest (AnomalyDINO, eq. 5).
 *
 * @example topMean([0.1, 0.4, 0.2]); // 0.4
 */
export function topMean(values: ArrayLike<number>): number {
  const largest = Float64Array.from(values).sort().subarray(-topCount(values.length));
  return largest.reduce((sum, value) => sum + value, 0) / largest.length;
}
