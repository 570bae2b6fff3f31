import { isAbsolute, join, normalize } from "node:path";
import { readPlainText, TensorFileError } from "@inctrl/tensor/files";
import { DatasetError, readError } from "../errors.js";
import { liesBelow } from "./names.js";

/** Lists of published sets have some ten thousand lines. A larger file is refused before it is read. */
const MAX_BYTES = 2 ** 26;
const MAX_LINE = 2 ** 14;

/**
 * The text of a file of lists.
 *
 * @throws DatasetError `missing`, `unreadable`, or `too-large` above 64 MiB
 */
export async function readText(path: string): Promise<string> {
  try {
    return await readPlainText(path, MAX_BYTES);
  } catch (error) {
    if (!(error instanceof TensorFileError) || error.code !== "not-a-file") throw readError(path, error);
    throw new DatasetError("bad-layout", `${error.message.replace(/; .*$/, "")}; a list belongs there`);
  }
}

/** A nonempty line of a table. */
export interface Line {
  /** The file and the number of the line, for errors. */
  readonly where: string;
  readonly text: string;
}

/** The lines of a file's text that are not empty. @throws DatasetError `corrupt` for one that is too long */
export function linesOf(path: string, content: string): Line[] {
  const lines: Line[] = [];
  for (const [i, line] of content.split("\n").entries()) {
    const text = line.trim();
    const where = `${path} line ${i + 1}`;
    if (text.length > MAX_LINE) {
      throw new DatasetError("corrupt", `${where}: ${text.length} characters long; download the file again`);
    }
    if (text !== "") lines.push({ where, text });
  }
  return lines;
}

/** A row of a table by the names of its columns. */
export interface Row<Column extends string> {
  readonly where: string;
  readonly cells: Readonly<Record<Column, string>>;
}

/**
 * The rows of the text of a CSV file with a line of headings. Spaces around cells and the case of headings are ignored.
 *
 * @throws DatasetError `bad-layout` naming the column that is missing, or the line that is too short
 */
export function rowsOf<Column extends string>(
  path: string,
  content: string,
  columns: readonly Column[],
): Row<Column>[] {
  const [first, ...lines] = linesOf(path, content);
  const headings = splitCsv(first?.text ?? "").map((heading) => heading.toLowerCase());
  const places = columns.map((column) => {
    const at = headings.indexOf(column);
    if (at >= 0) return at;
    const there = headings.join(", ").slice(0, 200) || "none";
    throw new DatasetError(
      "bad-layout",
      `${path}: no column "${column}" (its columns: ${there}); restore the file`,
    );
  });
  return lines.map(({ where, text }) => {
    const split = splitCsv(text);
    const cells = places.map((at, i) => {
      const cell = split[at];
      if (cell !== undefined) return [columns[i], cell];
      throw new DatasetError("corrupt", `${where}: no ${columns[i]}; download the file again`);
    });
    return { where, cells: Object.fromEntries(cells) as Record<Column, string> };
  });
}

/** Cells between commas; one in double quotes may hold commas, and doubled quotes for quotes. */
function splitCsv(line: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))/g)) {
    cells.push((quoted?.replaceAll('""', '"') ?? plain).trim());
  }
  return cells;
}

/**
 * The full path of a list's entry, which must be inside `root`.
 *
 * @throws DatasetError `bad-layout` for a path that leads out of it
 */
export function insideOf(root: string, named: string, where: string, mend = "correct the list"): string {
  const path = named.replaceAll("\\", "/");
  const full = isAbsolute(path) ? normalize(path) : join(root, path);
  if (liesBelow(root, full)) return full;
  const shown = named.length > 80 ? `${named.slice(0, 80)}...` : named;
  throw new DatasetError("bad-layout", `${where}: "${shown}" is not inside ${root}; ${mend}`);
}
