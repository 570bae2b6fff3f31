/** The mean of numbers; NaN of none. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The median of values, of an even number the middle of the two; NaN without any. */
export function medianOf(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2;
}

/** What passes each threshold: the distinct scores from the highest down, and the images of either class scored at or above each. */
interface Steps {
  readonly thresholds: Float64Array;
  readonly truePositives: Uint32Array;
  readonly falsePositives: Uint32Array;
  readonly positives: number;
  readonly negatives: number;
}

/**
 * The steps of labelled scores; null when one class is missing. Each class is sorted by itself and the two are merged, which needs no
 * order of indices: a third of the time of a radix sort that carries one.
 */
export function bothClasses(labels: ArrayLike<number>, scores: ArrayLike<number>): Steps | null {
  const [normal, anomalous] = ascendingByClass(labels, scores);
  const [negatives, positives] = [normal.length, anomalous.length];
  if (positives === 0 || negatives === 0) return null;
  const thresholds = new Float64Array(scores.length);
  const truePositives = new Uint32Array(scores.length);
  const falsePositives = new Uint32Array(scores.length);
  let steps = 0;
  for (let [n, p] = [negatives, positives]; n > 0 || p > 0; steps++) {
    // Compared before any arithmetic: infinite scores are scores too.
    const threshold =
      p === 0 || (n > 0 && normal[n - 1] > anomalous[p - 1]) ? normal[n - 1] : anomalous[p - 1];
    while (n > 0 && normal[n - 1] === threshold) n--;
    while (p > 0 && anomalous[p - 1] === threshold) p--;
    thresholds[steps] = threshold;
    falsePositives[steps] = negatives - n;
    truePositives[steps] = positives - p;
  }
  return {
    thresholds: thresholds.subarray(0, steps),
    truePositives: truePositives.subarray(0, steps),
    falsePositives: falsePositives.subarray(0, steps),
    positives,
    negatives,
  };
}

/** The scores of normal and of anomalous images, from the lowest up. */
function ascendingByClass(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): [Float64Array, Float64Array] {
  if (labels.length !== scores.length) {
    throw new RangeError(
      `metrics: ${labels.length} labels for ${scores.length} scores; give one label a score`,
    );
  }
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) {
      throw new RangeError(`metrics: label ${i} is ${labels[i]}; use 0 for normal and 1 for anomalous`);
    }
    if (Number.isNaN(scores[i])) throw new RangeError(`metrics: score ${i} is NaN; leave that image out`);
    positives += labels[i];
  }
  const classes: [Float64Array, Float64Array] = [
    new Float64Array(labels.length - positives),
    new Float64Array(positives),
  ];
  const filled = [0, 0];
  for (let i = 0; i < labels.length; i++) classes[labels[i]][filled[labels[i]]++] = scores[i];
  for (const own of classes) own.sort();
  return classes;
}

/** Metrics of one set of labelled scores, as the functions of their names give them. */
export interface ScoreMetrics {
  readonly auroc: number;
  readonly averagePrecision: number;
  readonly f1Max: { readonly f1: number; readonly threshold: number };
}

/**
 * `auroc`, `averagePrecision` and `f1Max` of the same scores, which are sorted once for all three. Null when only one class is given.
 *
 * @throws as `auroc`.
 * @example
 * scoreMetrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])?.f1Max.threshold; // 0.35
 */
export function scoreMetrics(labels: ArrayLike<number>, scores: ArrayLike<number>): ScoreMetrics | null {
  const steps = bothClasses(labels, scores);
  return steps && { auroc: aurocOf(steps), averagePrecision: precisionOf(steps), f1Max: bestF1(steps) };
}

/**
 * Area under the ROC curve: the chance that an anomalous image scores above a normal one, ties counting half;
 * equal to scikit-learn's `roc_auc_score`. Null when only one class is given.
 *
 * @param labels 0 normal, 1 anomalous
 * @param scores higher means more anomalous
 * @throws RangeError for other labels, NaN scores or unequal lengths
 * @example
 * auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
 */
export function auroc(labels: ArrayLike<number>, scores: ArrayLike<number>): number | null {
  const steps = bothClasses(labels, scores);
  return steps && aurocOf(steps);
}

function aurocOf({ truePositives, falsePositives, positives, negatives }: Steps): number {
  // Twice the area, in whole numbers: exact up to 2^53 pairs.
  let twice = 0;
  let [hits, alarms] = [0, 0];
  for (let i = 0; i < truePositives.length; i++) {
    twice += (falsePositives[i] - alarms) * (truePositives[i] + hits);
    [hits, alarms] = [truePositives[i], falsePositives[i]];
  }
  return twice / 2 / (positives * negatives);
}

/**
 * Average precision: precision summed over the steps of recall, without interpolation; equal to scikit-learn's
 * `average_precision_score` (the papers' AUPRC). Null when only one class is given.
 *
 * @throws as `auroc`.
 * @example
 * averagePrecision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.8333...
 */
export function averagePrecision(labels: ArrayLike<number>, scores: ArrayLike<number>): number | null {
  const steps = bothClasses(labels, scores);
  return steps && precisionOf(steps);
}

function precisionOf({ truePositives, falsePositives, positives }: Steps): number {
  let sum = 0;
  let before = 0;
  for (let i = 0; i < truePositives.length; i++) {
    const hits = truePositives[i];
    sum += ((hits - before) * hits) / (hits + falsePositives[i]);
    before = hits;
  }
  return sum / positives;
}

/**
 * The largest F1 over all thresholds, where score >= threshold is called anomalous, and the highest threshold that reaches
 * it. Null when only one class is given.
 *
 * @throws as `auroc`.
 * @example
 * f1Max([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // { f1: 0.8, threshold: 0.35 }
 */
export function f1Max(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): { f1: number; threshold: number } | null {
  const steps = bothClasses(labels, scores);
  return steps && bestF1(steps);
}

function bestF1({ thresholds, truePositives, falsePositives, positives }: Steps) {
  let best = { f1: -1, threshold: Number.POSITIVE_INFINITY };
  for (let i = 0; i < thresholds.length; i++) {
    const f1 = (2 * truePositives[i]) / (truePositives[i] + falsePositives[i] + positives);
    if (f1 > best.f1) best = { f1, threshold: thresholds[i] };
  }
  return best;
}
