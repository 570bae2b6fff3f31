/** The mean of numbers; NaN of none. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The median of values, of an even number the middle of the two; NaN without any. */
export function medianOf(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2;
}

/** Counts among the images scored at or above a threshold. */
interface Step {
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

/**
 * A step for each distinct score, from the highest down, so that equal scores stay together, and how many of each class there
 * are; null when one class is missing.
 */
export function bothClasses(labels: ArrayLike<number>, scores: ArrayLike<number>) {
  if (labels.length !== scores.length) {
    throw new RangeError(
      `metrics: ${labels.length} labels for ${scores.length} scores; give one label a score`,
    );
  }
  const order = Uint32Array.from(scores, (_, i) => i);
  for (const i of order) {
    if (labels[i] !== 0 && labels[i] !== 1) {
      throw new RangeError(`metrics: label ${i} is ${labels[i]}; use 0 for normal and 1 for anomalous`);
    }
    if (Number.isNaN(scores[i])) throw new RangeError(`metrics: score ${i} is NaN; leave that image out`);
  }
  // By comparison, not difference: infinite scores are scores too, and their difference is NaN.
  order.sort((a, b) => (scores[a] > scores[b] ? -1 : scores[a] < scores[b] ? 1 : 0));
  const path: Step[] = [];
  let positives = 0;
  order.forEach((index, rank) => {
    positives += labels[index];
    const threshold = scores[index];
    const next = order[rank + 1];
    if (next !== undefined && scores[next] === threshold) return;
    path.push({ threshold, truePositives: positives, falsePositives: rank + 1 - positives });
  });
  const negatives = order.length - positives;
  return positives > 0 && negatives > 0 ? { path, positives, negatives } : null;
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
  const found = bothClasses(labels, scores);
  if (!found) return null;
  // Twice the area, in whole numbers: exact up to 2^53 pairs.
  let twice = 0;
  let before = { truePositives: 0, falsePositives: 0 };
  for (const step of found.path) {
    twice += (step.falsePositives - before.falsePositives) * (step.truePositives + before.truePositives);
    before = step;
  }
  return twice / 2 / (found.positives * found.negatives);
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
  const found = bothClasses(labels, scores);
  if (!found) return null;
  let sum = 0;
  let before = 0;
  for (const { truePositives, falsePositives } of found.path) {
    sum += ((truePositives - before) * truePositives) / (truePositives + falsePositives);
    before = truePositives;
  }
  return sum / found.positives;
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
  const found = bothClasses(labels, scores);
  if (!found) return null;
  let best = { f1: -1, threshold: Number.POSITIVE_INFINITY };
  for (const { threshold, truePositives, falsePositives } of found.path) {
    const f1 = (2 * truePositives) / (truePositives + falsePositives + found.positives);
    if (f1 > best.f1) best = { f1, threshold };
  }
  return best;
}
