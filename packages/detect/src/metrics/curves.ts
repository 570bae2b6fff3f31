/** A place on a curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Counts of images scored at or above each distinct score, from the highest down. */
function counts(labels: ArrayLike<number>, scores: ArrayLike<number>): { found: number; false: number }[] {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const steps: { found: number; false: number }[] = [];
  let found = 0;
  for (const [rank, i] of order.entries()) {
    found += labels[i];
    if (scores[order[rank + 1]] !== scores[i]) steps.push({ found, false: rank + 1 - found });
  }
  return steps;
}

/**
 * The receiver operating characteristic: false positive rate against true positive rate, from (0, 0) to (1, 1). The
 * straight lines between its points enclose the AUROC.
 *
 * @param labels 0 normal, 1 anomalous, both there
 * @param scores finite; higher means more anomalous
 * @example
 * rocCurve([0, 1], [0.1, 0.9]); // [{ x: 0, y: 0 }, { x: 0, y: 1 }, { x: 1, y: 1 }]
 */
export function rocCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): Point[] {
  const steps = counts(labels, scores);
  const last = steps[steps.length - 1];
  return [{ x: 0, y: 0 }, ...steps.map((at) => ({ x: at.false / last.false, y: at.found / last.found }))];
}

/**
 * Recall against precision from the highest threshold down, as the steps that enclose the average precision: each
 * precision holds back to the recall before it.
 *
 * @param labels 0 normal, 1 anomalous, both there
 * @param scores finite; higher means more anomalous
 * @example
 * precisionRecallCurve([0, 1], [0.1, 0.9]); // from (0, 1) to (1, 1), then (1, 0.5)
 */
export function precisionRecallCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): Point[] {
  const steps = counts(labels, scores);
  const all = steps[steps.length - 1].found;
  let before = 0;
  return steps.flatMap((at) => {
    const precision = at.found / (at.found + at.false);
    const recall = at.found / all;
    const corner = { x: before, y: precision };
    before = recall;
    return [corner, { x: recall, y: precision }];
  });
}
