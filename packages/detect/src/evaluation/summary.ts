import { meanOf } from "../metrics/metrics.js";
import { type CategoryResult, type Draw, type Evaluation, eachMetric, type Metrics } from "./types.js";

/** A mean, and how far single values lie from it. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation over the draws (divided by n - 1); null for one draw. */
  readonly deviation: number | null;
}

/** Metrics over the draws of K prompts: of a category, or of the mean over categories. */
export interface SummaryRow {
  /** Null: the mean over categories. */
  readonly category: string | null;
  readonly shots: number;
  readonly metrics: Readonly<Record<keyof Metrics, Spread | null>>;
  /** Mean time an image; null when nothing was measured. */
  readonly seconds: number | null;
  /** Why there are no numbers. */
  readonly problem: string | null;
}

/** Mean and sample standard deviation; null of no values. */
export function spreadOf(values: readonly number[]): Spread | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = meanOf(values);
  if (n === 1) return { mean, deviation: null };
  return {
    mean,
    deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)),
  };
}

/**
 * A row for each category and K, then one for the unweighted mean over categories at each K: of every seed's mean over
 * categories the mean and the deviation. A category that has no number at some seed is in no mean; a threshold is no
 * thing to average over categories.
 *
 * @example
 * for (const { category, shots, metrics } of summarize(evaluation)) console.log(category, shots, metrics.auroc?.mean);
 */
export function summarize(evaluation: Evaluation): SummaryRow[] {
  const { categories, shots } = evaluation;
  const rows = categories.flatMap((category) => shots.map((k) => categoryRow(category, k)));
  return [...rows, ...shots.map((k) => meanRow([evaluation], k))];
}

/** The row of the mean over data sets, each of which counts as the mean over its categories. All have the same seeds. */
export function meanRow(evaluations: readonly Evaluation[], shots: number): SummaryRow {
  const drawn = evaluations.flatMap(({ categories }) =>
    categories.flatMap(({ draws }) => draws.filter((draw) => draw.shots === shots)),
  );
  const of = (name: keyof Metrics) => {
    if (name === "threshold") return null;
    const known = evaluations.map((each) => seedMeans(each, shots, name)).filter((means) => means !== null);
    const means = meansOver(known);
    return means && spreadOf(means);
  };
  const problem = drawn.some(({ metrics }) => metrics.auroc !== null) ? null : "nothing measured";
  return { category: null, shots, metrics: eachMetric(of), seconds: secondsOf(drawn), problem };
}

/** Of each seed the mean over categories; null where no category has a number at every seed. */
function seedMeans({ categories, seeds }: Evaluation, shots: number, name: keyof Metrics): number[] | null {
  const values = categories.map(({ draws }) =>
    draws.filter((draw) => draw.shots === shots).flatMap(({ metrics }) => metrics[name] ?? []),
  );
  return meansOver(values.filter(({ length }) => length === seeds.length));
}

/** Place by place the mean over lists; null of none. */
const meansOver = (lists: readonly (readonly number[])[]): number[] | null =>
  lists.length === 0 ? null : lists[0].map((_, i) => spreadOf(lists.map((list) => list[i]))!.mean);

function categoryRow(category: CategoryResult, shots: number): SummaryRow {
  const draws = category.draws.filter((draw) => draw.shots === shots);
  const metrics = eachMetric((name) => spreadOf(draws.flatMap((draw) => draw.metrics[name] ?? [])));
  const problem =
    category.problem ?? draws.find((draw) => draw.problem)?.problem ?? (draws.length ? null : "not done yet");
  return { category: category.name, shots, metrics, seconds: secondsOf(draws), problem };
}

const secondsOf = (draws: readonly Draw[]): number | null =>
  spreadOf(draws.filter(({ problem }) => !problem).map(({ seconds }) => seconds))?.mean ?? null;
