import { TRAIN_DEFAULTS, type TrainOptions } from "@inctrl/inctrl";

/** A scoring that the study compares. */
export interface Setting {
  readonly name: string;
  /** Scores without training: the mean of this many largest patches of M. */
  readonly largest?: number;
  /** Scores by trained heads. */
  readonly train?: {
    readonly options: TrainOptions;
    readonly steps: number;
    /** Trains on the drawn auxiliary categories as well as on the real ones. */
    readonly drawn: boolean;
    /** Cross-category negatives of each category. */
    readonly negatives: number;
  };
}

type Options = Partial<TrainOptions> & { drawn?: boolean; negatives?: number; steps?: number };

const trained = (
  name: string,
  { drawn = true, negatives = 0, steps = 300, ...options }: Options = {},
): Setting => ({
  name,
  train: { options: { ...TRAIN_DEFAULTS, balance: "categories", ...options }, steps, drawn, negatives },
});

const NEGATIVES = 8;
const MONOTONE = { headsForm: "monotone", lr: 1e-2 } as const;
const SORTED = { headsForm: "sorted", lr: 5e-3 } as const;

/** Held-out auxiliary categories choose among these. */
export const SETTINGS: readonly Setting[] = [
  { name: "s_p alone", largest: 1 },
  { name: "mean of the 3 largest", largest: 3 },
  { name: "mean of the 10 largest", largest: 10 },
  trained("paper, probability, all"),
  trained("paper, probability, all, negatives", { negatives: NEGATIVES }),
  trained("sorted, probability, all", SORTED),
  trained("sorted, probability, all, negatives", { ...SORTED, negatives: NEGATIVES }),
  trained("monotone, probability, all", MONOTONE),
  trained("monotone, probability, all, negatives", { ...MONOTONE, negatives: NEGATIVES }),
  trained("monotone, probability, all, negatives, 1000 steps", {
    ...{ ...MONOTONE, negatives: NEGATIVES, steps: 1000 },
  }),
  trained("monotone, probability, 4 real", { ...MONOTONE, drawn: false }),
  trained("paper, logits, all", { loss: "logits" }),
  trained("paper, logits, all, negatives", { loss: "logits", negatives: NEGATIVES }),
  trained("sorted, logits, all", { ...SORTED, loss: "logits" }),
  trained("paper, probability, 4 real", { drawn: false }),
  trained("paper, logits, 4 real", { drawn: false, loss: "logits" }),
  trained("sorted, probability, 4 real", { ...SORTED, drawn: false }),
  trained("sorted, probability, all, batch 16", { ...SORTED, batch: 16 }),
  trained("paper, logits, all, batch 16", { loss: "logits", batch: 16 }),
  trained("sorted, probability, all, K = 2", { ...SORTED, shots: 2 }),
];
