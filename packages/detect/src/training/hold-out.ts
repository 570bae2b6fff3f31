import { type Category, drawPrompts, promptCandidates, type Sample } from "@inctrl/datasets";
import { spreadOf } from "../evaluation/summary.js";
import { TrainingError } from "./errors.js";
import type { Query, TrainingItem } from "./sampler.js";

/** A category that is scored after each epoch and never trained on: its test images with fixed prompts. */
export interface HoldOut {
  readonly name: string;
  readonly queries: readonly Query[];
  readonly prompts: readonly string[];
}

/**
 * The categories that are held out.
 *
 * @param names of categories, or of classes, each with all its categories.
 * @throws TrainingError `training` for a name that none has.
 */
export function heldOut(categories: readonly Category[], names: readonly string[]): ReadonlySet<Category> {
  const called = (each: string) => categories.filter((c) => c.name === each || c.className === each);
  const unknown = names.find((each) => called(each).length === 0);
  if (unknown !== undefined) {
    const known = categories.map(({ name }) => name).join(", ");
    throw new TrainingError(
      "training",
      `hold-out ${JSON.stringify(unknown)}: there is no such category; choose of ${known}`,
    );
  }
  return new Set(names.flatMap(called));
}

/** A category as held out. Prompts are the same for every query, drawn as scoring would draw them. */
export function holdOutOf(
  category: Category,
  numberOf: ReadonlyMap<Sample, number | null>,
  items: readonly TrainingItem[],
  { shots, seed }: { shots: number; seed: number },
): HoldOut {
  const readable = promptCandidates(category).filter((sample) => numberOf.get(sample) != null);
  const chosen = drawPrompts(readable, shots, seed);
  const prompts = chosen.map((sample) => numberOf.get(sample) as number);
  return {
    name: category.name,
    queries: items.map((item) => ({ ...item, prompts })),
    prompts: chosen.map(({ id }) => id),
  };
}

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
