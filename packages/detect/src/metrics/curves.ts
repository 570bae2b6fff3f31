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
  const { path, positives, negatives } = found;
  return [
    { x: 0, y: 0 },
    ...path.map((at) => ({ x: at.falsePositives / negatives, y: at.truePositives / positives })),
  ];
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
  let before = 0;
  return (found?.path ?? []).flatMap(({ truePositives, falsePositives }) => {
    const precision = truePositives / (truePositives + falsePositives);
    const recall = truePositives / found!.positives;
    const corner = { x: before, y: precision };
    before = recall;
    return [corner, { x: recall, y: precision }];
  });
}
