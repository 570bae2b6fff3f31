import type { CategoryResult, Draw, Evaluation } from "@inctrl/inctrl";

/** Pictures in a report: a bound on its size. */
const MOST_PICTURES = 12;

/** A test image on the wrong side of many others. */
export interface Mistake {
  readonly category: CategoryResult;
  readonly draw: Draw;
  /** Index of the test sample. */
  readonly index: number;
  readonly label: 0 | 1;
  readonly score: number;
  /** Share of the images of the other class that it is ranked wrongly against; ties count half. */
  readonly wrong: number;
}

/** The draw to show of K prompts: the one whose AUROC is the median. */
export function medianDraw({ draws }: CategoryResult, shots: number): Draw | null {
  const measured = draws
    .filter((draw) => draw.shots === shots && draw.metrics.auroc !== null)
    .sort((a, b) => a.metrics.auroc! - b.metrics.auroc!);
  return measured[Math.floor((measured.length - 1) / 2)] ?? null;
}

/** The draw to show of a category: the median one of its largest K that was measured. */
export function shownDraw(category: CategoryResult, shots: readonly number[]): Draw | null {
  return shots.reduce<Draw | null>((found, k) => medianDraw(category, k) ?? found, null);
}

/** Scores of one class, of the images that have one. */
export function scoresOf({ labels }: CategoryResult, { scores }: Draw, label: 0 | 1): number[] {
  return scores.flatMap((score, i) => (score !== null && labels[i] === label ? [score] : []));
}

/**
 * The images of a run that are most wrong, half of them normal and half anomalous as far as there are such; the most
 * wrong first.
 */
export function chooseMistakes({ categories, shots }: Evaluation, most = MOST_PICTURES): Mistake[] {
  const all = categories.flatMap((category) => {
    const draw = shownDraw(category, shots);
    return draw ? mistakesOf(category, draw) : [];
  });
  // A stable sort: equally wrong ones stay in the data set's order.
  const ranked = all.sort((a, b) => b.wrong - a.wrong);
  const [normal, anomalous] = [0, 1].map((wanted) => ranked.filter(({ label }) => label === wanted));
  const half = Math.ceil(most / 2);
  const few = Math.max(most - anomalous!.length, half);
  const chosen = new Set([
    ...normal!.slice(0, few),
    ...anomalous!.slice(0, Math.max(most - normal!.length, most - half)),
  ]);
  return ranked.filter((mistake) => chosen.has(mistake));
}

function mistakesOf(category: CategoryResult, draw: Draw): Mistake[] {
  const sorted = ([0, 1] as const).map((label) => scoresOf(category, draw, label).sort((a, b) => a - b));
  return draw.scores.flatMap((score, index) => {
    if (score === null) return [];
    const label = category.labels[index]!;
    const others = sorted[1 - label]!;
    const below = (countBelow(others, score, false) + countBelow(others, score, true)) / 2;
    const wrong = (label === 0 ? below : others.length - below) / others.length;
    return wrong > 0 ? [{ category, draw, index, label, score, wrong }] : [];
  });
}

/** How many sorted values lie below a score, or at it too. */
function countBelow(sorted: readonly number[], score: number, orAt: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < score || (orAt && sorted[middle] === score)) low = middle + 1;
    else high = middle;
  }
  return low;
}
