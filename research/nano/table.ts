import { meanOf, type Spread, spreadOf } from "@inctrl/detect";
import { markdown, shown } from "../report.js";

/** The figures of one scoring on a set at one K. */
export interface Cell {
  readonly set: string;
  readonly real: boolean;
  readonly scoring: string;
  readonly shots: number;
  readonly auroc: Spread | null;
  readonly pixel: Spread | null;
}

/** The cells of one network as they are, or the mean of several with the deviation between networks. */
export function meanOfNetworks(networks: readonly (readonly Cell[])[]): Cell[] {
  if (networks.length === 1) return [...networks[0]];
  return networks[0].map((cell, i) => {
    const over = (key: "auroc" | "pixel") => spreadOf(networks.flatMap((cells) => cells[i][key]?.mean ?? []));
    return { ...cell, auroc: over("auroc"), pixel: over("pixel") };
  });
}

/** Two Markdown tables with one column a scoring: image AUROC with the mean of the real sets, and pixel AUROC of sets with masks. */
export function table(cells: readonly Cell[], scorings: readonly string[]): string {
  const headings = (some: readonly string[]) => ["set", "K", ...some];
  const images = figures(cells, scorings, "auroc");
  const masked = cells.filter(({ pixel }) => pixel !== null);
  const withMap = scorings.filter((scoring) => masked.some((cell) => cell.scoring === scoring));
  return `Image AUROC, mean and standard deviation over the draws of the prompts:

${markdown(headings(scorings), [...images.rows, ...images.means])}
Pixel AUROC of the residual map:

${markdown(headings(withMap), figures(masked, withMap, "pixel").rows)}`;
}

/** A row for each set and K, and at each K the mean over the real sets. */
function figures(cells: readonly Cell[], scorings: readonly string[], key: "auroc" | "pixel") {
  const distinct = <T>(of: (cell: Cell) => T, some = cells) => [...new Set(some.map(of))];
  const shots = distinct((cell) => cell.shots).sort((a, b) => a - b);
  const setOf = ({ set }: Cell) => set;
  const find = (set: string, scoring: string, k: number): Spread | null => {
    const own = cells.filter((cell) => cell.set === set && cell.scoring === scoring);
    // A scoring without prompts has one figure, which is repeated at every K.
    return (own.find((cell) => cell.shots === k) ?? (own.length === 1 ? own[0] : undefined))?.[key] ?? null;
  };
  const rows = distinct(setOf).flatMap((set) =>
    shots.map((k) => [set, `${k}`, ...scorings.map((scoring) => shown(find(set, scoring, k)))]),
  );
  const real = distinct(
    setOf,
    cells.filter((cell) => cell.real),
  );
  const means = shots.map((k) => {
    const whole = real.filter((set) => scorings.every((scoring) => find(set, scoring, k)));
    const absent = real.filter((set) => !whole.includes(set));
    const name = `**mean of the real sets**${absent.length > 0 ? ` but ${absent.join(", ")}` : ""}`;
    const mean = (scoring: string) => meanOf(whole.map((set) => find(set, scoring, k)!.mean)).toFixed(3);
    return [name, `${k}`, ...scorings.map(mean)];
  });
  return { rows, means };
}
