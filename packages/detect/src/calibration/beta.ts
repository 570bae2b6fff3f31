/**
 * The value below which a share of a Beta distribution lies, for whole parameters.
 *
 * @param share from 0 to 1.
 * @throws RangeError for other shares and parameters.
 * @example
 * betaQuantile(0.95, 1, 99); // 0.0298: of 100 exchangeable scores the largest is exceeded by more than this in one case of twenty
 */
export function betaQuantile(share: number, a: number, b: number): number {
  if (!(share >= 0 && share <= 1) || ![a, b].every((n) => Number.isSafeInteger(n) && n >= 1))
    throw new RangeError(
      `betaQuantile(${share}, ${a}, ${b}): give a share from 0 to 1 and whole numbers from 1`,
    );
  let [low, high] = [0, 1];
  // Each step halves the interval; doubles have no more bits.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (betaShare(middle, a, b) < share) low = middle;
    else high = middle;
  }
  return high;
}

/** The share of Beta(a, b) below x: the chance of a or more hits in a + b - 1 trials of chance x (whole parameters). */
function betaShare(x: number, a: number, b: number): number {
  const trials = a + b - 1;
  // The shorter tail is summed.
  return a > trials * x ? atLeast(a, trials, x) : 1 - atLeast(b, trials, 1 - x);
}

/** The chance of `hits` or more in so many trials. Terms from there on fall, since `hits` is above the mean. */
function atLeast(hits: number, trials: number, chance: number): number {
  if (chance <= 0) return hits === 0 ? 1 : 0;
  if (chance >= 1) return 1;
  let term = Math.exp(
    logChoose(trials, hits) + hits * Math.log(chance) + (trials - hits) * Math.log1p(-chance),
  );
  let sum = 0;
  for (let i = hits; i <= trials && term > sum * 1e-17; i++) {
    sum += term;
    term *= ((trials - i) / (i + 1)) * (chance / (1 - chance));
  }
  return Math.min(1, sum);
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/** ln n!, by the sum up to 255 and by Stirling's series above, to 1e-15 of itself. */
function logFactorial(n: number): number {
  if (n < 256) {
    let sum = 0;
    for (let i = 2; i <= n; i++) sum += Math.log(i);
    return sum;
  }
  const x = n + 1;
  return (
    (x - 0.5) * Math.log(x) -
    x +
    0.5 * Math.log(2 * Math.PI) +
    1 / (12 * x) -
    1 / (360 * x ** 3) +
    1 / (1260 * x ** 5)
  );
}

/**
 * The chance of `hits` or more in so many trials whose common chance is drawn from Beta(a, b) first: the beta-binomial distribution,
 * for whole parameters.
 *
 * @throws RangeError for parameters that are none.
 * @example
 * betaBinomialTail(1, 1, 1, 99); // 0.01: one more score is above the largest of 99 others
 */
export function betaBinomialTail(hits: number, trials: number, a: number, b: number): number {
  if (![a, b].every((n) => Number.isSafeInteger(n) && n >= 1) || ![hits, trials].every(Number.isSafeInteger))
    throw new RangeError(
      `betaBinomialTail(${hits}, ${trials}, ${a}, ${b}): give whole numbers, a and b from 1`,
    );
  const logBeta = (x: number, y: number) =>
    logFactorial(x - 1) + logFactorial(y - 1) - logFactorial(x + y - 1);
  let sum = 0;
  for (let k = Math.max(0, hits); k <= trials; k++)
    sum += Math.exp(logChoose(trials, k) + logBeta(k + a, trials - k + b) - logBeta(a, b));
  return Math.min(1, sum);
}

/** A share and the interval that holds the true one with the confidence asked for. */
export interface ShareInterval {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The exact interval of Clopper and Pearson (1934) for a share of which `hits` of `count` were seen.
 *
 * @param confidence Default 0.95.
 * @throws RangeError for counts that are none.
 * @example
 * clopperPearson(9, 10); // { share: 0.9, low: 0.555, high: 0.997 }
 */
export function clopperPearson(hits: number, count: number, confidence = 0.95): ShareInterval {
  if (
    !(Number.isSafeInteger(count) && count >= 1 && Number.isSafeInteger(hits) && hits >= 0 && hits <= count)
  )
    throw new RangeError(
      `clopperPearson(${hits}, ${count}): give whole numbers, and no more hits than trials`,
    );
  const tail = (1 - confidence) / 2;
  return {
    share: hits / count,
    low: hits === 0 ? 0 : betaQuantile(tail, hits, count - hits + 1),
    high: hits === count ? 1 : betaQuantile(1 - tail, hits + 1, count - hits),
  };
}
