import { join } from "node:path";
import { count, writeFileAtomic } from "@inctrl/datasets";
import {
  type BenchmarkPage,
  benchmarkPage,
  type ComparedRow,
  type CostRow,
  comparisonCsv,
  costsCsv,
  costsMarkdown,
  metricTables,
  rowsOf,
  tablesLatex,
  tablesMarkdown,
} from "@inctrl/detect";
import { alignTable } from "../output/table.js";
import { info } from "../ui/log.js";
import type { NamedSet } from "./data.js";
import type { Finished } from "./measure.js";

/** A finished comparison. */
export interface Comparison extends Pick<BenchmarkPage, "rows" | "published" | "metrics" | "note"> {
  readonly finished: readonly Finished[];
  readonly sets: readonly NamedSet[];
  readonly shots: readonly number[];
  readonly seeds: number;
}

/** The AUROC of every method and what it costs, as tables for a terminal. */
export function comparisonText(comparison: Comparison): string {
  const [{ columns, rows: lines }] = metricTables(comparison.rows, comparison);
  const body = lines.map(({ shots, method, cells }) => [
    ...[method, String(shots)],
    ...cells.map(({ spread, best, published }) => {
      const found = spread ? `${spread.mean.toFixed(3)}${best ? "*" : ""}` : "-";
      return published ? `${found} (${published.mean.toFixed(3)})` : found;
    }),
  ]);
  return alignTable([["method", "K", ...columns], ...body]);
}

/** Writes the comparison into a folder. The times are in costs.csv alone: all else is the same for the same draws. */
export async function saveComparison(out: string, comparison: Comparison, adapter: string): Promise<void> {
  const { rows, finished, sets, shots, seeds, published, metrics, note } = comparison;
  const title = sets.map(({ name }) => name).join(", ");
  const tables = metricTables(rows, comparison);
  const drawn = `${count(finished.length, "method")}, K = ${shots.join(", ")}, ${count(seeds, "draw")}`;
  const methods = finished.map(({ facts }) => facts);
  const costs = methods.map((facts): CostRow => ({ ...facts, seconds: secondsOf(rows, facts.method) }));
  const files = {
    "benchmark.csv": comparisonCsv(rows),
    "benchmark.md": `# ${title}\n\n${drawn}.${note ? ` ${note}` : ""}\n\n${tablesMarkdown(tables)}\n${costsMarkdown(costs)}`,
    "benchmark.tex": tablesLatex(tables),
    "costs.csv": costsCsv(costs),
    "report.html": benchmarkPage({
      ...{ title, about: `${drawn}, on ${adapter}`, rows, methods, published, metrics, note },
      shown: picturesOf(finished, sets),
    }),
  };
  for (const [file, text] of Object.entries(files)) await writeFileAtomic(join(out, file), text);
  info(`results in ${out}: ${Object.keys(files).join(", ")}`);
}

/** The same images by all methods; null where a method has none. */
function picturesOf(finished: readonly Finished[], sets: readonly NamedSet[]) {
  const found = sets.map(({ name }, i) => {
    const shown = finished.map((each) => each.shown[i]);
    return shown.every((pictures) => pictures !== null) ? rowsOf(name, shown) : null;
  });
  const drawn = found.flatMap((rows) => rows ?? []);
  return drawn.length > 0 ? drawn : null;
}

/** Mean time an image of a method at the largest K. */
function secondsOf(rows: readonly ComparedRow[], method: string): number | null {
  const own = rows.filter((row) => row.method === method && row.category === null);
  return own.at(-1)?.seconds ?? null;
}
