/** A value of a cell; null is an empty cell. */
export type CsvCell = string | number | null;

/** A line of CSV (RFC 4180, but ended by a line feed). Null is an empty cell. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(",")}\n`;
}

function csvCell(cell: CsvCell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(Number(cell.toPrecision(9)));
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
