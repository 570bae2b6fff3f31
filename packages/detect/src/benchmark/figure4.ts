import { grouped } from "@inctrl/datasets";
import type { ClassDraw } from "../evaluation/class-draws.js";
import { type Spread, spreadOf } from "../evaluation/summary.js";
import type { Evaluation } from "../evaluation/types.js";
import { csvLine } from "../report/csv.js";

/** A draw of prompts from some classes, and how well a method did with them. */
export interface ClassResult extends Pick<ClassDraw, "seed" | "classes"> {
  readonly auroc: number | null;
  /** Why there is no number; null where there is one. */
  readonly problem: string | null;
}

/** A method on a category: all draws, and mean and deviation by the number of classes, from 1. */
export interface ClassCurve {
  readonly dataSet: string;
  readonly category: string;
  readonly method: string;
  readonly shots: number;
  readonly results: readonly ClassResult[];
  readonly spreads: readonly (Spread | null)[];
}

/**
 * The curve of a method, from what `evaluate` measured of the categories of `classDraws`.
 *
 * @param of the category that the draws are of.
 */
export function classCurve(
  { dataSet, categories, shots: [shots] }: Evaluation,
  { method, of, draws }: { method: string; of: string; draws: readonly ClassDraw[] },
): ClassCurve {
  const results = draws.map(({ seed, classes, category }): ClassResult => {
    const found = categories.find(({ name }) => name === category.name);
    const [draw] = found?.draws ?? [];
    const auroc = draw?.metrics.auroc ?? null;
    return { seed, classes, auroc, problem: found?.problem ?? draw?.problem ?? null };
  });
  const most = Math.max(...results.map(({ classes }) => classes.length));
  const spreads = Array.from({ length: most }, (_, i) =>
    spreadOf(
      results.flatMap(({ classes, auroc }) => (classes.length === i + 1 && auroc !== null ? [auroc] : [])),
    ),
  );
  return { dataSet, category: of, method, shots, results, spreads };
}

/** Where a curve is of: its data set, and its category where that has another name. */
const curvePlace = ({ dataSet, category }: ClassCurve): string =>
  category === dataSet ? dataSet : `${dataSet} ${category}`;

/** The curves of each place, in their order. */
export const curvesByPlace = (curves: readonly ClassCurve[]): [place: string, curves: ClassCurve[]][] => [
  ...grouped(curves, (curve) => [curvePlace(curve)]),
];

/** One line for each method, number of classes and seed. */
export function figure4Csv(curves: readonly ClassCurve[]): string {
  const head = ["data_set", "category", "method", "shots", "classes", "seed", "names", "auroc", "problem"];
  const body = curves.flatMap(({ dataSet, category, method, shots, results }) =>
    results.map(({ classes, seed, auroc, problem }) =>
      csvLine([dataSet, category, method, shots, classes.length, seed, classes.join(" "), auroc, problem]),
    ),
  );
  return csvLine(head) + body.join("");
}

/** Mean and deviation of each method by the number of classes, a table for each place. The heading comes first. */
export function figure4Tables(curves: readonly ClassCurve[]): { place: string; rows: string[][] }[] {
  return curvesByPlace(curves).map(([place, own]) => ({
    place,
    rows: [
      ["method", ...own[0].spreads.map((_, i) => (i === 0 ? "1 class" : `${i + 1} classes`))],
      ...own.map(({ method, spreads }) => [method, ...spreads.map(spreadText)]),
    ],
  }));
}

function spreadText(spread: Spread | null): string {
  if (!spread) return "-";
  const mean = spread.mean.toFixed(3);
  return spread.deviation === null ? mean : `${mean} ± ${spread.deviation.toFixed(3)}`;
}
