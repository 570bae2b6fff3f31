import { TRAIN_DEFAULTS, type TrainOptions } from "@inctrl/inctrl";

/** A way to make scores, which the study compares. */
export interface Setting {
  readonly name: string;
  /** Scores without training: the mean of so many largest patches of M. */
  readonly largest?: number;
  /** Heads are trained so, for so many steps, on the real auxiliary categories alone or on the drawn ones too. */
  readonly train?: { readonly options: TrainOptions; readonly steps: number; readonly drawn: boolean };
}

const trained = (name: string, drawn: boolean, options: Partial<TrainOptions>, steps = 300): Setting => ({
  name,
  train: { options: { ...TRAIN_DEFAULTS, ...options }, steps, drawn },
});

const SORTED = { headsForm: "sorted", lr: 5e-3 } as const;
const BALANCED = { balance: "categories" } as const;

/** Fixed before any test image was scored; the choice among them is made on auxiliary categories held out. */
export const SETTINGS: readonly Setting[] = [
  { name: "s_p alone", largest: 1 },
  { name: "mean of the 3 largest", largest: 3 },
  { name: "mean of the 10 largest", largest: 10 },
  trained("paper, probability, 4 real", false, {}),
  trained("paper, logits, 4 real", false, { loss: "logits" }),
  trained("paper, probability, all, balanced", true, BALANCED),
  trained("paper, logits, all, balanced", true, { ...BALANCED, loss: "logits" }),
  trained("paper, logits, all, balanced, batch 16", true, { ...BALANCED, loss: "logits", batch: 16 }),
  trained("sorted, probability, 4 real", false, { ...SORTED, ...BALANCED }),
  trained("sorted, probability, all, balanced", true, { ...SORTED, ...BALANCED }),
  trained("sorted, logits, all, balanced", true, { ...SORTED, ...BALANCED, loss: "logits" }),
  trained("sorted, probability, all, balanced, K = 2", true, { ...SORTED, ...BALANCED, shots: 2 }),
  trained("sorted, probability, all, balanced, batch 16", true, { ...SORTED, ...BALANCED, batch: 16 }),
  trained("sorted, probability, all, by image", true, SORTED),
];
