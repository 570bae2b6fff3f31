import { keep, type Tensor } from "@inctrl/tensor";
import { type FittedDetector, type Known, scoreViews, type ViewScore } from "../detector.js";
import type { EncodedBatch } from "../encoder/features.js";
import type { DrawMatch } from "./draw-matches.js";

/** Scores batches side by side. Detectors that match patches share one search; others never start it. */
export async function scoreBatches(
  fitted: FittedDetector,
  batches: readonly EncodedBatch[],
  search: () => DrawMatch[],
): Promise<ViewScore[][]> {
  let found: DrawMatch[] | undefined;
  const matched = (i: number): DrawMatch => {
    if (found) return found[i];
    found = search();
    // Asked for within the detector's scope, which must not free what the other batches need.
    for (const each of tensorsOf(found)) keep(each);
    return found[i];
  };
  const known = (i: number): Known => ({
    similarity: () => matched(i).similarity,
    rows: () => {
      const { rows } = matched(i);
      return rows?.view(rows.shape) ?? null;
    },
  });
  try {
    return await Promise.all(batches.map((batch, i) => scoreViews(fitted, batch, known(i))));
  } finally {
    for (const each of tensorsOf(found ?? [])) each.dispose();
  }
}

const tensorsOf = (found: readonly DrawMatch[]): Tensor[] =>
  found.flatMap(({ similarity, rows }): Tensor[] => (rows ? [similarity, rows] : [similarity]));
