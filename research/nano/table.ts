import { type Spread, spreadOf } from "@inctrl/inctrl";

/** What one way of scoring reached on a set at a K. */
export interface Cell {
  readonly set: string;
  readonly real: boolean;
  readonly way: string;
  /** K. */
  readonly shots: number;
  readonly auroc: Spread | null;
  readonly pixel: Spread | null;
}

/** Of one network the cells as they are; of several their mean, with the deviation between networks. */
export function meanOfNetworks(networks: readonly (readonly Cell[])[]): Cell[] {
  if (networks.length === 1) return [...networks[0]!];
  return networks[0]!.map((cell, i) => {
    const over = (key: "auroc" | "pixel") =>
      spreadOf(networks.flatMap((cells) => cells[i]![key]?.mean ?? []));
    return { ...cell, auroc: over("auroc"), pixel: over("pixel") };
  });
}

/** Image AUROC of each set at each K, a column a way, with the means of the real sets; then pixel AUROC where there are masks. */
export function table(cells: readonly Cell[], ways: readonly string[]): string {
  return `Image AUROC, mean and standard deviation over the draws of the prompts:

${part(cells, ways, "auroc", true)}
Pixel AUROC of the residual map:

${part(
  cells.filter(({ pixel }) => pixel !== null),
  ways.filter((way) => cells.some((cell) => cell.way === way && cell.pixel !== null)),
  "pixel",
  false,
)}`;
}

function part(
  cells: readonly Cell[],
  ways: readonly string[],
  key: "auroc" | "pixel",
  withMean: boolean,
): string {
  const shots = [...new Set(cells.map((cell) => cell.shots))].sort((a, b) => a - b);
  const sets = [...new Set(cells.map(({ set }) => set))];
  const find = (set: string, way: string, k: number): Spread | null => {
    const own = cells.filter((cell) => cell.set === set && cell.way === way);
    // What needs no prompts is measured once and stands beside every K.
    return (own.find((cell) => cell.shots === k) ?? (own.length === 1 ? own[0] : undefined))?.[key] ?? null;
  };
  const row = (name: string, k: number, values: readonly (Spread | null)[]) =>
    `| ${name} | ${k} | ${values.map(shown).join(" | ")} |`;
  const rows = sets.flatMap((set) =>
    shots.map((k) =>
      row(
        set,
        k,
        ways.map((way) => find(set, way, k)),
      ),
    ),
  );
  const real = [...new Set(cells.filter((cell) => cell.real).map(({ set }) => set))];
  const means = shots.map((k) => {
    const whole = real.filter((set) => ways.every((way) => find(set, way, k)));
    const absent = real.filter((set) => !whole.includes(set));
    const name = `**mean of the real sets**${absent.length > 0 ? ` but ${absent.join(", ")}` : ""}`;
    return row(
      name,
      k,
      ways.map((way) => mean(whole.map((set) => find(set, way, k)!))),
    );
  });
  return [
    `| set | K | ${ways.join(" | ")} |`,
    `| --- | --- | ${ways.map(() => "---").join(" | ")} |`,
    ...rows,
    ...(withMean && real.length > 0 ? means : []),
    "",
  ].join("\n");
}

const shown = (spread: Spread | null): string =>
  spread === null
    ? ""
    : spread.mean.toFixed(3) + (spread.deviation === null ? "" : ` ± ${spread.deviation.toFixed(3)}`);

function mean(spreads: readonly Spread[]): Spread | null {
  const over = spreadOf(spreads.map((spread) => spread.mean));
  return over && { mean: over.mean, deviation: null };
}
