import { readFile } from "node:fs/promises";
import type { Spread } from "@inctrl/detect";

/** Figures of the paper's tables 1 and 2. */
export interface PaperTables {
  /** Where they are from, and by what protocol. */
  readonly source: string;
  /** Data sets in the paper's order, by the names of their formats; "mnist multi" and "cifar10 multi" are of several normal classes. */
  readonly dataSets: readonly string[];
  /**
   * What the paper says of a method on a data set; null where it says nothing.
   *
   * @param shots K; 0 for texts alone.
   */
  figure(metric: "auroc" | "auprc", method: string, dataSet: string, shots: number): Spread | null;
}

interface PaperRow {
  readonly shots: number;
  readonly method: string;
  /** A mean and a deviation for each data set. */
  readonly values: readonly (readonly [number, number] | null)[];
}

/**
 * Tables 1 and 2 of the paper (Zhu and Pang 2024), from the package's data. Methods have their names of `--method`.
 *
 * @example
 * const { figure } = await paperTables();
 * console.log(figure("auroc", "inctrl", "brainmri", 8)?.mean); // 0.983
 */
export async function paperTables(): Promise<PaperTables> {
  const file = new URL("../paper/tables.json", import.meta.url);
  const tables: { source: string; dataSets: string[]; auroc: PaperRow[]; auprc: PaperRow[] } = JSON.parse(
    await readFile(file, "utf8"),
  );
  const { source, dataSets } = tables;
  return {
    source,
    dataSets,
    figure(metric, method, dataSet, shots) {
      const row = tables[metric].find((each) => each.method === method && each.shots === shots);
      const value = row?.values[dataSets.indexOf(dataSet)];
      return value ? { mean: value[0], deviation: shots === 0 ? null : value[1] } : null;
    },
  };
}
