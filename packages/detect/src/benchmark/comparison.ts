import { type SummaryRow, summarize } from "../evaluation/summary.js";
import type { CategoryResult, Evaluation } from "../evaluation/types.js";
import { type Interval, type PairedScores, pairedBootstrap } from "../metrics/bootstrap.js";

/** A method and what was measured of it on a data set. All contenders of a comparison share data set, K and draws. */
export interface Contender {
  readonly method: string;
  readonly evaluation: Evaluation;
}

/** How a method did in a category, or on the mean over categories, at K. */
export interface ComparedRow extends SummaryRow {
  readonly method: string;
  /** Whether no other method has a larger mean AUROC here. */
  readonly best: boolean;
  /** AUROC less that of the best; null for the best itself and where either has none. */
  readonly toBest: Interval | null;
}

/**
 * Compares methods that were measured on the same draws. Rows come K by K, category by category, with the mean over categories last,
 * and in the order of the contenders within.
 *
 * @example
 * for (const { method, category, shots, toBest } of compareMethods(contenders)) console.log(method, category, shots, toBest);
 */
export function compareMethods(contenders: readonly Contender[]): ComparedRow[] {
  const rows = contenders.map(({ evaluation }) => summarize(evaluation));
  const order = [...(rows[0] ?? [])].sort((a, b) => a.shots - b.shots);
  return order.flatMap(({ category, shots }) => {
    const own = rows.map((each) => each.find((row) => row.category === category && row.shots === shots));
    const best = own.reduce((at, row, i) => (areaOf(row) > areaOf(own[at]) ? i : at), 0);
    return own.flatMap((row, i) => {
      if (!row) return [];
      const isBest = i === best && row.metrics.auroc !== null;
      const toBest = isBest ? null : difference(contenders[i], contenders[best], row);
      return { ...row, method: contenders[i].method, best: isBest, toBest };
    });
  });
}

const areaOf = (row: SummaryRow | undefined): number => row?.metrics.auroc?.mean ?? Number.NEGATIVE_INFINITY;

function difference(one: Contender, best: Contender, { category, shots }: SummaryRow): Interval | null {
  const paired = one.evaluation.categories
    .filter(({ name }) => category === null || name === category)
    .map((own) => pairOf(own, best.evaluation, shots));
  const known = paired.filter((pair) => pair !== null);
  return known.length === 0 ? null : pairedBootstrap(known);
}

/** Scores of the images that both methods scored in all draws; null where they have not both measured the category. */
function pairOf(own: CategoryResult, other: Evaluation, shots: number): PairedScores | null {
  const theirs = other.categories.find(({ name }) => name === own.name);
  const draws = own.draws
    .filter((draw) => draw.shots === shots && !draw.problem)
    .flatMap((draw) => {
      const match = theirs?.draws.find((each) => each.shots === shots && each.seed === draw.seed);
      return match && !match.problem ? [[draw.scores, match.scores] as const] : [];
    });
  const all = own.labels.map((_, i) => i);
  const scored = all.filter((i) => draws.every((pair) => pair.every((scores) => scores[i] !== null)));
  const labels = scored.map((i) => own.labels[i]);
  if (draws.length === 0 || !labels.includes(0) || !labels.includes(1)) return null;
  const kept = (scores: readonly (number | null)[]) => scored.map((i) => scores[i] as number);
  return { labels, draws: draws.map(([a, b]) => [kept(a), kept(b)] as const) };
}
