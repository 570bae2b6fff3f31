import { count, oneLine } from "@inctrl/datasets";
import type { Spread } from "../evaluation/summary.js";
import { METRIC_TITLES, METRICS, type Metrics } from "../evaluation/types.js";
import { csvLine } from "../report/csv.js";
import { fileName, markdownCell } from "../report/results.js";
import type { ComparedRow } from "./comparison.js";

/** A figure of a table. */
export interface Cell {
  readonly spread: Spread | null;
  readonly best: boolean;
}

/** A metric of all methods: a row for each K and method, a column for each category and for their mean. */
export interface MetricTable {
  readonly metric: keyof Metrics;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly shots: number;
    readonly method: string;
    readonly cells: readonly Cell[];
    readonly seconds: number | null;
  }[];
}

/** The metrics that tables have: those with a figure in some row, without the threshold. */
const shownMetrics = (rows: readonly ComparedRow[]): (keyof Metrics)[] =>
  METRICS.filter((name) => name !== "threshold" && rows.some(({ metrics }) => metrics[name] !== null));

/** Tables of compared methods, one for each metric that was measured. The best of each column at a K is marked. */
export function metricTables(rows: readonly ComparedRow[]): MetricTable[] {
  const categories = [...new Set(rows.map(({ category }) => category))];
  const shown = categories.length === 2 ? categories.filter((name) => name !== null) : categories;
  const methods = [...new Set(rows.map(({ method }) => method))];
  const shots = [...new Set(rows.map((row) => row.shots))];
  const columns = shown.map(
    (name) =>
      name ?? `mean of ${count(categories.filter((each) => each !== null).length, "category", "categories")}`,
  );
  return shownMetrics(rows).map((metric) => {
    const cellsAt = (k: number, category: string | null) => {
      const here = methods.map((method) =>
        rows.find((row) => row.method === method && row.shots === k && row.category === category),
      );
      const means = here.map((row) => row?.metrics[metric]?.mean ?? Number.NEGATIVE_INFINITY);
      const most = Math.max(...means);
      return here.map(
        (row, i): Cell => ({
          spread: row?.metrics[metric] ?? null,
          best: Number.isFinite(most) && means[i] === most,
        }),
      );
    };
    const body = shots.flatMap((k) => {
      const byColumn = shown.map((category) => cellsAt(k, category));
      return methods.map((method, i) => ({
        shots: k,
        method,
        cells: byColumn.map((cells) => cells[i]),
        seconds:
          rows.find((row) => row.method === method && row.shots === k && row.category === null)?.seconds ??
          null,
      }));
    });
    return { metric, columns, rows: body };
  });
}

const figure = ({ spread }: Cell): string =>
  spread === null
    ? "-"
    : spread.deviation === null
      ? spread.mean.toFixed(3)
      : `${spread.mean.toFixed(3)} ± ${spread.deviation.toFixed(3)}`;

/** The tables in Markdown; the best of a column is bold. */
export function tablesMarkdown(tables: readonly MetricTable[]): string {
  return tables
    .map(({ metric, columns, rows }) => {
      const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
      const bold = (cell: Cell) => (cell.best ? `**${figure(cell)}**` : figure(cell));
      const head = ["K", "method", ...columns.map(markdownCell)];
      const body = rows.map(({ shots, method, cells }) =>
        line([String(shots), markdownCell(method), ...cells.map(bold)]),
      );
      const rule = line(head.map((_, i) => (i === 1 ? "---" : "---:")));
      return `## ${METRIC_TITLES[metric]}\n\n${line(head)}${rule}${body.join("")}`;
    })
    .join("\n");
}

/** The tables as LaTeX `tabular`s of booktabs; the best of a column is bold. */
export function tablesLatex(tables: readonly MetricTable[]): string {
  return tables
    .map(({ metric, columns, rows }) => {
      const line = (cells: readonly string[]) => `${cells.join(" & ")} \\\\\n`;
      const cell = (each: Cell) => {
        const text = figure(each).replace("±", "$\\pm$");
        return each.best ? `\\textbf{${text}}` : text;
      };
      const body = rows.map(({ shots, method, cells }, i) => {
        const first = i === 0 || rows[i - 1].shots !== shots;
        return `${first && i > 0 ? "\\midrule\n" : ""}${line([first ? String(shots) : "", latex(method), ...cells.map(cell)])}`;
      });
      return (
        `% ${METRIC_TITLES[metric]}\n\\begin{tabular}{rl${"c".repeat(columns.length)}}\n\\toprule\n` +
        `${line(["K", "Method", ...columns.map(latex)])}\\midrule\n${body.join("")}\\bottomrule\n\\end{tabular}\n`
      );
    })
    .join("\n");
}

/** A name with everything escaped that LaTeX would take for a command. */
const latex = (text: string): string =>
  oneLine(text).replace(/[\\{}$&#^_%~]/g, (character) =>
    character === "\\"
      ? "\\textbackslash{}"
      : /[\^~]/.test(character)
        ? `\\${character}{}`
        : `\\${character}`,
  );

/** One line for each method, category and K, with the deviation of every metric and the difference of its AUROC to the best. */
export function comparisonCsv(rows: readonly ComparedRow[]): string {
  const spread = (name: string) => [name, `${name}_deviation`];
  const head = [
    ...["category", "shots", "method", ...METRICS.flatMap((name) => spread(fileName(name)))],
    ...["best", "auroc_to_best", "auroc_to_best_low", "auroc_to_best_high", "problem"],
  ];
  const body = rows.map(({ category, shots, method, metrics, best, toBest, problem }) =>
    csvLine([
      ...[category ?? "(mean)", shots, method],
      ...METRICS.flatMap((name) => [metrics[name]?.mean ?? null, metrics[name]?.deviation ?? null]),
      ...[best ? 1 : 0, toBest?.difference ?? null, toBest?.low ?? null, toBest?.high ?? null],
      problem,
    ]),
  );
  return csvLine(head) + body.join("");
}
