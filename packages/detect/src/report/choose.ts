import type { CategoryResult, Draw, Evaluation } from "../evaluation/types.js";

/** Most pictures of a report, which bounds its size. */
const MAX_PICTURES = 12;

/** A test image that scores wrongly against many images of the other class. */
export interface Mistake {
  readonly category: CategoryResult;
  readonly draw: Draw;
  /** Index of the test sample. */
  readonly index: number;
  readonly label: 0 | 1;
  readonly score: number;
  /** Share of the other class that it is ranked wrongly against. Ties count half. */
  readonly wrong: number;
}

/** The draw of K prompts with the median AUROC; null where none was measured. */
export function medianDraw({ draws }: CategoryResult, shots: number): Draw | null {
  const measured = draws
    .filter((draw) => draw.shots === shots && draw.metrics.auroc !== null)
    .sort((a, b) => a.metrics.auroc! - b.metrics.auroc!);
  return measured[Math.floor((measured.length - 1) / 2)] ?? null;
}

/** The median draw of the largest K that was measured in a category. */
export function shownDraw(category: CategoryResult, shots: readonly number[]): Draw | null {
  return shots.reduce<Draw | null>((found, k) => medianDraw(category, k) ?? found, null);
}

/** Scores of the images of one class, without those that have no score. */
export function scoresOf({ labels }: CategoryResult, { scores }: Draw, label: 0 | 1): number[] {
  return scores.flatMap((score, i) => (score !== null && labels[i] === label ? [score] : []));
}

/**
 * The images of a run with the largest mistakes, the largest first. Half are normal and half anomalous as far as there
 * are enough of both.
 */
export function chooseMistakes({ categories, shots }: Evaluation, most = MAX_PICTURES): Mistake[] {
  const all = categories.flatMap((category) => {
    const draw = shownDraw(category, shots);
    return draw ? mistakesOf(category, draw) : [];
  });
  // The sort is stable, so equal mistakes keep the order of the data set.
  const ranked = all.sort((a, b) => b.wrong - a.wrong);
  const [normal, anomalous] = [0, 1].map((wanted) => ranked.filter(({ label }) => label === wanted));
  const half = Math.ceil(most / 2);
  const few = Math.max(most - anomalous.length, half);
  const chosen = new Set([
    ...normal.slice(0, few),
    ...anomalous.slice(0, Math.max(most - normal.length, most - half)),
  ]);
  return ranked.filter((mistake) => chosen.has(mistake));
}

function mistakesOf(category: CategoryResult, draw: Draw): Mistake[] {
  const classes = ([0, 1] as const).map((label) => scoresOf(category, draw, label));
  return draw.scores.flatMap((score, index) => {
    if (score === null) return [];
    const label = category.labels[index];
    const others = classes[1 - label];
    // Twice the number below, ties counting once.
    const below = others.reduce((sum, other) => sum + (other < score ? 2 : other === score ? 1 : 0), 0) / 2;
    const wrong = (label === 0 ? below : others.length - below) / others.length;
    return wrong > 0 ? [{ category, draw, index, label, score, wrong }] : [];
  });
}
