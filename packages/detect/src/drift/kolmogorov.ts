/** The largest distance between the shares of two samples at or below a value. */
export function kolmogorovDistance(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()];
  let [i, j, most] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i], y[j]);
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    most = Math.max(most, Math.abs(i / x.length - j / y.length));
  }
  return most;
}

/**
 * The chance that two samples of one distribution lie at least so far apart: the exact two-sided test of Kolmogorov and Smirnov, by
 * counting paths (Hodges 1958). With ties it is an upper bound. Time grows with the product of the sizes.
 *
 * @param n values of one sample, 1 or more, and m of the other.
 * @param distance as of `kolmogorovDistance`.
 * @example
 * distanceChance(4, 4, 1); // 2 / 70
 */
export function distanceChance(n: number, m: number, distance: number): number {
  // Distances are multiples of 1 / (n m). Paths that stay below this one are counted.
  const below = (Math.round(distance * n * m) - 0.5) / (n * m);
  const inside = Float64Array.from({ length: m + 1 }, (_, j) => Number(j / m <= below));
  for (let i = 1; i <= n; i++) {
    // The factor turns counts into shares of all paths on the way, so that nothing overflows.
    const weight = i / (i + m);
    inside[0] = i / n <= below ? weight * inside[0] : 0;
    for (let j = 1; j <= m; j++)
      inside[j] = Math.abs(i / n - j / m) <= below ? weight * inside[j] + inside[j - 1] : 0;
  }
  return Math.min(1, Math.max(0, 1 - inside[m]));
}

/** The smallest distance of samples of such sizes whose chance is at most this; above 1 where even 1 is more likely. */
export function distanceLimit(n: number, m: number, chance: number): number {
  let [low, high] = [0, n * m + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (distanceChance(n, m, middle / (n * m)) > chance) low = middle;
    else high = middle;
  }
  return high / (n * m);
}
