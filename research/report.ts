import type { Spread } from "@inctrl/detect";

/** A Markdown table, whose first column is text and whose others are figures. */
export function markdown(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return [headings, ["---", ...headings.slice(1).map(() => "---:")], ...rows].map(line).join("");
}

/** "0.850 ± 0.012", or "0.850" where there is no deviation. */
export const shown = (spread: Spread | null): string =>
  [spread?.mean, spread?.deviation].flatMap((value) => value?.toFixed(3) ?? []).join(" ± ");

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
