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
  /** What was published of it. */
  readonly published: Spread | null;
}

/** A metric of all methods: a row for each K and method, a column for each category or data set and for their mean. */
export interface MetricTable {
  readonly metric: keyof Metrics;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly shots: number;
    readonly method: string;
    readonly cells: readonly Cell[];
  }[];
}

/** What was published of a method on a data set; null where nothing was. */
export type Published = (figure: {
  readonly metric: keyof Metrics;
  readonly method: string;
  readonly dataSet: string;
  readonly shots: number;
}) => Spread | null;

export interface TableOptions {
  /** Columns are the categories of this data set. Default: data sets, or the categories where there is one. */
  readonly dataSet?: string;
  readonly published?: Published;
  /** Default: all that were measured, but for the threshold. */
  readonly metrics?: readonly (keyof Metrics)[];
}

/** What a column is of. */
interface Column {
  readonly title: string;
  readonly dataSet: string | null;
  readonly category: string | null;
  /** The data set of which it is the only category or the mean; null for others. */
  readonly whole: string | null;
}

/** The metrics that tables have: those with a figure in some row, without the threshold. */
const shownMetrics = (rows: readonly ComparedRow[], wanted: readonly (keyof Metrics)[]) =>
  wanted.filter((name) => name !== "threshold" && rows.some(({ metrics }) => metrics[name] !== null));

/** The data sets of compared methods, in their order. */
export const dataSetsOf = (rows: readonly ComparedRow[]): string[] => [
  ...new Set(rows.flatMap(({ dataSet }) => dataSet ?? [])),
];

/** Tables of compared methods, one for each metric that was measured. The best of each column at a K is marked where several have a figure. */
export function metricTables(
  rows: readonly ComparedRow[],
  { dataSet, published = () => null, metrics = METRICS }: TableOptions = {},
): MetricTable[] {
  const sets = dataSetsOf(rows);
  const columns =
    dataSet === undefined && sets.length > 1 ? setColumns(sets) : categoryColumns(rows, dataSet ?? sets[0]);
  const methods = [...new Set(rows.map(({ method }) => method))];
  const shots = [...new Set(rows.map((row) => row.shots))];
  const rowOf = (method: string, k: number, { dataSet, category }: Column) =>
    rows.find(
      (row) =>
        row.method === method && row.shots === k && row.dataSet === dataSet && row.category === category,
    );
  return shownMetrics(rows, metrics).map((metric) => {
    const cellsAt = (k: number, column: Column) => {
      const spreads = methods.map((method) => rowOf(method, k, column)?.metrics[metric] ?? null);
      const means = spreads.flatMap((spread) => spread?.mean ?? []);
      const most = means.length > 1 ? Math.max(...means) : null;
      return spreads.map((spread, i): Cell => {
        const { whole } = column;
        const known =
          whole === null ? null : published({ metric, method: methods[i], dataSet: whole, shots: k });
        return { spread, best: spread?.mean === most, published: known };
      });
    };
    const body = shots.flatMap((k) => {
      const byColumn = columns.map((column) => cellsAt(k, column));
      return methods.flatMap((method, i) =>
        rowOf(method, k, columns[columns.length - 1])
          ? [{ shots: k, method, cells: byColumn.map((cells) => cells[i]) }]
          : [],
      );
    });
    return { metric, columns: columns.map(({ title }) => title), rows: body };
  });
}

const setColumns = (sets: readonly string[]): Column[] => [
  ...sets.map((dataSet) => ({ title: dataSet, dataSet, category: null, whole: dataSet })),
  { title: `mean of ${count(sets.length, "data set")}`, dataSet: null, category: null, whole: null },
];

/** The categories of a data set and their mean; the mean of one category is the category. */
function categoryColumns(rows: readonly ComparedRow[], dataSet: string): Column[] {
  const own = rows.filter((row) => row.dataSet === dataSet);
  const names = [...new Set(own.flatMap(({ category }) => category ?? []))];
  const alone = names.length === 1 ? dataSet : null;
  const columns = names.map((category) => ({ title: category, dataSet, category, whole: alone }));
  if (alone !== null) return columns;
  const title = `mean of ${count(names.length, "category", "categories")}`;
  return [...columns, { title, dataSet, category: null, whole: dataSet }];
}

const spreadText = ({ mean, deviation }: Spread): string =>
  mean.toFixed(3) + (deviation === null ? "" : ` ± ${deviation.toFixed(3)}`);

/** A figure, marked where it is the best, and in brackets what was published of it. */
function figure({ spread, best, published }: Cell, mark: (text: string) => string): string {
  const own = spread ? spreadText(spread) : "-";
  return (best ? mark(own) : own) + (published ? ` (${spreadText(published)})` : "");
}

/** The tables in Markdown; the best of a column is bold. */
export function tablesMarkdown(tables: readonly MetricTable[]): string {
  return tables
    .map(({ metric, columns, rows }) => {
      const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
      const text = (cell: Cell) => figure(cell, (best) => `**${best}**`);
      const head = ["K", "method", ...columns.map(markdownCell)];
      const body = rows.map(({ shots, method, cells }) =>
        line([String(shots), markdownCell(method), ...cells.map(text)]),
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
      const cell = (each: Cell) => figure(each, (best) => `\\textbf{${best}}`).replaceAll("±", "$\\pm$");
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

/** One line for each method, data set, category and K, with the deviation of every metric and the difference of its AUROC to the best. */
export function comparisonCsv(rows: readonly ComparedRow[]): string {
  const spread = (name: string) => [name, `${name}_deviation`];
  const head = [
    ...["data_set", "category", "shots", "method", ...METRICS.flatMap((name) => spread(fileName(name)))],
    ...["best", "auroc_to_best", "auroc_to_best_low", "auroc_to_best_high", "problem"],
  ];
  const body = rows.map(({ dataSet, category, shots, method, metrics, best, toBest, problem }) =>
    csvLine([
      ...[dataSet ?? "(mean)", category ?? "(mean)", shots, method],
      ...METRICS.flatMap((name) => [metrics[name]?.mean ?? null, metrics[name]?.deviation ?? null]),
      ...[best ? 1 : 0, toBest?.difference ?? null, toBest?.low ?? null, toBest?.high ?? null],
      problem,
    ]),
  );
  return csvLine(head) + body.join("");
}
