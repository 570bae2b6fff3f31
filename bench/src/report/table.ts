import type { Row } from "../case.js";

/** A column: its heading and its cell of a row. A column without any cell is left out. */
type Column = readonly [heading: string, cell: (row: Row) => string | undefined];

const COLUMNS: readonly Column[] = [
  ["size", ({ size }) => size],
  ["subject", ({ subject }) => subject],
  ["median", ({ medianMs }) => (medianMs === null ? "failed" : `${figure(medianMs)} ms`)],
  ["rate", ({ rate, unit }) => (rate === null ? undefined : `${figure(rate)} ${unit}`)],
  ["spread", ({ spread }) => (spread === null ? undefined : `${(spread * 100).toFixed(0)}%`)],
  ["ours is faster", ({ oursOver }) => (oursOver === undefined ? undefined : `${figure(oursOver)} x`)],
  ["of the ceiling", ({ ofCeiling }) => percent(ofCeiling)],
  ["linear layers", ({ ofLinear }) => percent(ofLinear)],
  ["GEMM", ({ ofGemm }) => percent(ofGemm)],
  ["growth", ({ growth }) => (growth === undefined ? undefined : figure(growth))],
  ["operands", ({ memory }) => memory && megabytes(memory.operands)],
  ["working memory", ({ memory }) => memory && megabytes(memory.working)],
  ["", ({ failed, note }) => failed ?? note],
];

/** Rows as a Markdown table with aligned columns. */
export function markdownTable(rows: readonly Row[]): string {
  const columns = COLUMNS.filter(([, cell]) => rows.some((row) => cell(row) !== undefined));
  const headings = columns.map(([heading]) => heading);
  return alignedTable([
    headings,
    ...rows.map((row) => columns.map(([, cell]) => (cell(row) ?? "").replaceAll("|", "\\|"))),
  ]);
}

/** Lines of cells, the first being headings, as a Markdown table. */
export function alignedTable([headings, ...lines]: readonly (readonly string[])[]): string {
  const widths = headings.map((_, i) => Math.max(3, ...[headings, ...lines].map((line) => line[i].length)));
  const draw = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return `${[draw(headings), draw(widths.map((width) => "-".repeat(width))), ...lines.map(draw)].join("\n")}\n`;
}

/** Three significant digits. */
export function figure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

export const percent = (share: number | undefined): string | undefined =>
  share === undefined ? undefined : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;

const megabytes = (bytes: number): string => `${figure(bytes / 1e6)} MB`;
