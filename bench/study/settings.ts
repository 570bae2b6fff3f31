import { TRAIN_DEFAULTS, type TrainOptions } from "@inctrl/inctrl";

/** A way to make scores, which the study compares. */
export interface Setting {
  readonly name: string;
  /** Scores without training: the mean of so many largest patches of M. */
  readonly largest?: number;
  /** Heads are trained so, on these auxiliary categories, with or without strangers among the anomalies. */
  readonly train?: {
    readonly options: TrainOptions;
    readonly steps: number;
    readonly drawn: boolean;
    readonly strangers: boolean;
  };
}

/** Fixed before any test image was scored; the choice among them is made on auxiliary categories held out. */
export const SETTINGS: readonly Setting[] = [
  { name: "s_p alone", largest: 1 },
  { name: "mean of the 3 largest", largest: 3 },
  { name: "mean of the 10 largest", largest: 10 },
  trained("sorted, probability, all", true, SORTED),
  trained("paper, probability, all", true, {}),
  trained("paper, logits, all", true, { loss: "logits" }),
  trained("sorted, logits, all", true, { ...SORTED, loss: "logits" }),
  trained("paper, probability, 4 real", false, {}),
  trained("paper, logits, 4 real", false, { loss: "logits" }),
  trained("sorted, probability, 4 real", false, SORTED),
  trained("sorted, probability, all, batch 16", true, { ...SORTED, batch: 16 }),
  trained("paper, logits, all, batch 16", true, { loss: "logits", batch: 16 }),
  trained("sorted, probability, all, K = 2", true, { ...SORTED, shots: 2 }),
];
