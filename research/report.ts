import { readFile } from "node:fs/promises";
import { meanOf, type Spread } from "@inctrl/detect";

/** A Markdown table, whose first column is text and whose others are figures. */
export function markdown(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return [headings, ["---", ...headings.slice(1).map(() => "---:")], ...rows].map(line).join("");
}

/** "0.850 ± 0.012", or "0.850" where there is no deviation. */
export const shown = (spread: Spread | null): string =>
  [spread?.mean, spread?.deviation].flatMap((value) => value?.toFixed(3) ?? []).join(" ± ");

/** The mean of the largest values of a map. */
export const meanOfLargest = (map: Float32Array, largest: number): number =>
  meanOf([...map.toSorted().subarray(-largest)]);

/** A value as a line of a file that `readLines` reads. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** The values of a file with one in each line. */
export async function readLines(path: string) {
  const lines = (await readFile(path, "utf8")).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}
