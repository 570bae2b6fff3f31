import { count, oneLine } from "@inctrl/datasets";
import type { Spread, SummaryRow } from "../evaluation/summary.js";
import { METRIC_TITLES, METRICS, type Metrics } from "../evaluation/types.js";

/** The metrics with a number in at least one row, and always AUROC and AUPRC. */
export function usedMetrics(rows: readonly SummaryRow[]): (keyof Metrics)[] {
  return METRICS.filter((name, i) => i < 2 || rows.some(({ metrics }) => metrics[name] !== null));
}

/** The heading of a table of these metrics. */
export const headOf = (metrics: readonly (keyof Metrics)[]): string[] => [
  ...["category", "K"],
  ...metrics.map((name) => METRIC_TITLES[name]),
  "s/image",
];

/** "0.8123 ± 0.0045"; the mean alone for one draw, and a dash where there is no number. */
export function spreadText(spread: Spread | null): string {
  if (!spread) return "-";
  const mean = spread.mean.toFixed(4);
  return spread.deviation === null ? mean : `${mean} ± ${spread.deviation.toFixed(4)}`;
}

/** A time with two digits, since times differ by orders of magnitude. */
export function secondsText(seconds: number | null): string {
  return seconds === null ? "-" : seconds.toPrecision(2);
}

/** The name of a row. The mean says over how many categories it is. */
export function rowName({ category }: SummaryRow, measured: number): string {
  if (category !== null) return oneLine(category);
  return `mean of ${count(measured, "category", "categories")}`;
}

/** A summary as rows of text, the heading first. A problem takes the place of the numbers. */
export function tableRows(rows: readonly SummaryRow[]): string[][] {
  const columns = usedMetrics(rows);
  const shown = withoutNeedlessMean(rows);
  const body = shown.map((row) => {
    const start = [rowName(row, measuredCategories(rows, row.shots)), String(row.shots)];
    if (row.problem && row.metrics.auroc === null) return [...start, oneLine(row.problem)];
    return [...start, ...columns.map((name) => spreadText(row.metrics[name])), secondsText(row.seconds)];
  });
  return [headOf(columns), ...body];
}

/** The rows without the mean where there is one category, whose numbers it would repeat. */
export function withoutNeedlessMean(rows: readonly SummaryRow[]): readonly SummaryRow[] {
  const categories = new Set(rows.flatMap(({ category }) => category ?? []));
  return categories.size === 1 ? rows.filter(({ category }) => category !== null) : rows;
}

/** How many categories have a number at K. */
export function measuredCategories(rows: readonly SummaryRow[], shots: number): number {
  return rows.filter((row) => row.category !== null && row.shots === shots && row.metrics.auroc !== null)
    .length;
}
