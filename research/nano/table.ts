import { type Spread, spreadOf } from "@inctrl/detect";

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
  return `Image AUROC, mean and standard deviation over the draws of the prompts:

${part(cells, scorings, "auroc", true)}
Pixel AUROC of the residual map:

${part(
  cells.filter(({ pixel }) => pixel !== null),
  scorings.filter((scoring) => cells.some((cell) => cell.scoring === scoring && cell.pixel !== null)),
  "pixel",
  false,
)}`;
}

function part(
  cells: readonly Cell[],
  scorings: readonly string[],
  key: "auroc" | "pixel",
  withMean: boolean,
): string {
  const shots = [...new Set(cells.map((cell) => cell.shots))].sort((a, b) => a - b);
  const sets = [...new Set(cells.map(({ set }) => set))];
  const find = (set: string, scoring: string, k: number): Spread | null => {
    const own = cells.filter((cell) => cell.set === set && cell.scoring === scoring);
    // A scoring without prompts has one figure, which is repeated at every K.
    return (own.find((cell) => cell.shots === k) ?? (own.length === 1 ? own[0] : undefined))?.[key] ?? null;
  };
  const row = (name: string, k: number, values: readonly (Spread | null)[]) =>
    `| ${name} | ${k} | ${values.map(shown).join(" | ")} |`;
  const rows = sets.flatMap((set) =>
    shots.map((k) =>
      row(
        set,
        k,
        scorings.map((scoring) => find(set, scoring, k)),
      ),
    ),
  );
  const real = [...new Set(cells.filter((cell) => cell.real).map(({ set }) => set))];
  const means = shots.map((k) => {
    const whole = real.filter((set) => scorings.every((scoring) => find(set, scoring, k)));
    const absent = real.filter((set) => !whole.includes(set));
    const name = `**mean of the real sets**${absent.length > 0 ? ` but ${absent.join(", ")}` : ""}`;
    return row(
      name,
      k,
      scorings.map((scoring) => mean(whole.map((set) => find(set, scoring, k)!))),
    );
  });
  return [
    `| set | K | ${scorings.join(" | ")} |`,
    `| --- | --- | ${scorings.map(() => "---").join(" | ")} |`,
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
