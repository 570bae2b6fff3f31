import { printable } from "@inctrl/datasets";

/** A value of a cell; null is an empty cell. */
export type CsvCell = string | number | null;

/** A line of CSV (RFC 4180, but ended by a line feed). Null is an empty cell. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(",")}\n`;
}

function csvCell(cell: CsvCell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(Number(cell.toPrecision(9)));
  const text = asText(cell);
  return /[",\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A text that a spreadsheet does not take for a formula: an apostrophe goes before those that it would (OWASP, "CSV injection"; the
 * wide forms count in East Asian versions). Bytes of a name that are no UTF-8 are shown as `\udce9`.
 */
function asText(cell: string): string {
  const text = cell.replace(/[\ud800-\udfff]/gu, printable);
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) && !/^[-+]?\d+(\.\d+)?$/.test(text)
    ? `'${text}`
    : text;
}
