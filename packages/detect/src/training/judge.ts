import { spreadOf } from "../evaluation/summary.js";

/** One line after an epoch with categories held out: the AUROC of each, null where it has images of one kind only. */
export interface HoldOutEpoch {
  readonly step: number;
  readonly epoch: number;
  readonly hold_out: Readonly<Record<string, { readonly auroc: number | null }>>;
  readonly mean_auroc: number | null;
}

/**
 * Judges an epoch by the categories held out, one after the other.
 *
 * @returns null where there are none.
 */
export async function judgeHoldOut<C extends { readonly name: string }>(
  held: readonly C[],
  at: Pick<HoldOutEpoch, "step" | "epoch">,
  aurocOf: (category: C) => Promise<number | null>,
): Promise<HoldOutEpoch | null> {
  if (held.length === 0) return null;
  const hold_out: Record<string, { auroc: number | null }> = {};
  for (const category of held) hold_out[category.name] = { auroc: await aurocOf(category) };
  const mean = spreadOf(Object.values(hold_out).flatMap(({ auroc }) => auroc ?? []))?.mean ?? null;
  return { ...at, hold_out, mean_auroc: mean };
}
