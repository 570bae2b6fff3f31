/** Lines up columns, text to the left and numbers to the right. The first row is the heading. */
export function alignTable(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map(String));
  const columns = Math.max(0, ...texts.map((row) => row.length));
  const numeric = Array.from({ length: columns }, (_, c) => rows.slice(1).every((row) => isNumber(row[c])));
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...texts.map((row) => (row[c] ?? "").length)),
  );
  const cell = (text: string, c: number) => (numeric[c] ? text.padStart(widths[c]) : text.padEnd(widths[c]));
  return texts.map((row) => `${row.map(cell).join("  ").trimEnd()}\n`).join("");
}

function isNumber(value: string | number | undefined): boolean {
  return typeof value === "number" || (typeof value === "string" && /^(-|[-\d.,e+]+%?)$/.test(value));
}
