import { meanRow, type SummaryRow, summarize } from "../evaluation/summary.js";
import type { CategoryResult, Evaluation } from "../evaluation/types.js";
import { type Interval, type PairedScores, pairedBootstrap } from "../metrics/bootstrap.js";

/** A method and what was measured of it. All contenders of a comparison share data sets, K and draws. */
export interface Contender {
  readonly method: string;
  /** One a data set, in an order that all contenders share. */
  readonly evaluations: readonly Evaluation[];
}

/**
 * An evaluation of scores that do not depend on the prompts: one draw, at K = 0.
 *
 * @example
 * compareMethods([{ method: "clip-text", evaluations: [withoutPrompts(evaluation)] }]);
 */
export function withoutPrompts(evaluation: Evaluation): Evaluation {
  const categories = evaluation.categories.map((category) => ({
    ...category,
    draws: category.draws.slice(0, 1).map((draw) => ({ ...draw, shots: 0, prompts: [] })),
  }));
  return { ...evaluation, shots: [0], seeds: evaluation.seeds.slice(0, 1), categories };
}

/** How a method did at K: in a category, on the mean over a data set's categories, or on the mean over data sets. */
export interface ComparedRow extends SummaryRow {
  readonly method: string;
  /** Null: the mean over data sets. */
  readonly dataSet: string | null;
  /** Whether no other method has a larger mean AUROC here. */
  readonly best: boolean;
  /** AUROC less that of the best; null for the best itself and where either has none. */
  readonly toBest: Interval | null;
}

/** What a row is of: part of a contender's evaluations. */
interface Place {
  readonly dataSet: string | null;
  readonly category: string | null;
  readonly shots: number;
}

/**
 * Compares methods that were measured on the same draws. Rows come K by K, and of each K data set by data set: its categories, then
 * their mean. The mean over data sets is last, where there are several. Contenders keep their order within.
 *
 * @example
 * for (const { method, dataSet, category, shots, toBest } of compareMethods(contenders)) console.log(method, dataSet, category, shots, toBest);
 */
export function compareMethods(contenders: readonly Contender[]): ComparedRow[] {
  const sets = contenders[0]?.evaluations ?? [];
  const measured = contenders.flatMap(({ evaluations }) => evaluations.flatMap(({ shots }) => shots));
  const shots = [...new Set(measured)].sort((a, b) => a - b);
  const rows = contenders.map(({ evaluations }) => evaluations.map(summarize));
  return shots.flatMap((k) => {
    const ofSets = sets.flatMap(({ dataSet, categories }, i) =>
      [...categories.map(({ name }) => name), null].flatMap((category) => {
        const own = rows.map((each) => each[i].find((row) => row.category === category && row.shots === k));
        return ranked(contenders, own, { dataSet, category, shots: k });
      }),
    );
    if (sets.length < 2) return ofSets;
    const means = contenders.map(({ evaluations }) =>
      evaluations.every((each) => each.shots.includes(k)) ? meanRow(evaluations, k) : undefined,
    );
    return [...ofSets, ...ranked(contenders, means, { dataSet: null, category: null, shots: k })];
  });
}

/** Rows of one place, one a contender; undefined where it has none. */
function ranked(
  contenders: readonly Contender[],
  rows: readonly (SummaryRow | undefined)[],
  place: Place,
): ComparedRow[] {
  const best = rows.reduce((at, row, i) => (areaOf(row) > areaOf(rows[at]) ? i : at), 0);
  return rows.flatMap((row, i) => {
    if (!row) return [];
    const isBest = i === best && row.metrics.auroc !== null;
    const toBest = isBest ? null : difference(contenders[i], contenders[best], place);
    return { ...row, method: contenders[i].method, dataSet: place.dataSet, best: isBest, toBest };
  });
}

const areaOf = (row: SummaryRow | undefined): number => row?.metrics.auroc?.mean ?? Number.NEGATIVE_INFINITY;

function difference(one: Contender, best: Contender, { dataSet, category, shots }: Place): Interval | null {
  const paired = one.evaluations.flatMap((own, i) => {
    if (dataSet !== null && own.dataSet !== dataSet) return [];
    const pairs = own.categories
      .filter(({ name }) => category === null || name === category)
      .flatMap((each) => pairOf(each, best.evaluations[i], shots) ?? []);
    return pairs.length > 0 ? [pairs] : [];
  });
  return paired.length === 0 ? null : pairedBootstrap(paired);
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
