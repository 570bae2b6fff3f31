import { bothClasses } from "./metrics.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The receiver operating characteristic: false positive rate against true positive rate, from (0, 0) to (1, 1). The
 * straight lines between its points enclose the AUROC. Empty when only one class is given.
 *
 * @param labels 0 normal, 1 anomalous
 * @param scores higher means more anomalous
 * @throws RangeError for other labels, NaN scores or unequal lengths
 * @example
 * rocCurve([0, 1], [0.1, 0.9]); // [{ x: 0, y: 0 }, { x: 0, y: 1 }, { x: 1, y: 1 }]
 */
export function rocCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): Point[] {
  const found = bothClasses(labels, scores);
  if (!found) return [];
  const { truePositives, falsePositives, positives, negatives } = found;
  const points = Array.from(truePositives, (hits, i) => ({
    x: falsePositives[i] / negatives,
    y: hits / positives,
  }));
  return [{ x: 0, y: 0 }, ...points];
}

/**
 * Recall against precision from the highest threshold down, as the steps that enclose the average precision: each
 * precision holds back to the recall before it. Labels, scores and errors as in `rocCurve`.
 *
 * @example
 * precisionRecallCurve([0, 1], [0.1, 0.9]); // from (0, 1) to (1, 1), then (1, 0.5)
 */
export function precisionRecallCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): Point[] {
  const found = bothClasses(labels, scores);
  if (!found) return [];
  const { truePositives, falsePositives, positives } = found;
  let before = 0;
  return Array.from(truePositives).flatMap((hits, i) => {
    const precision = hits / (hits + falsePositives[i]);
    const recall = hits / positives;
    const corner = { x: before, y: precision };
    before = recall;
    return [corner, { x: recall, y: precision }];
  });
}
