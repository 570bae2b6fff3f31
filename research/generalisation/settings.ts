import { TRAIN_DEFAULTS, type TrainOptions } from "@inctrl/inctrl";

/** A way to make scores, which the study compares. */
export interface Setting {
  readonly name: string;
  /** Scores without training: the mean of so many largest patches of M. */
  readonly largest?: number;
  /** Heads are trained so, on the real auxiliary categories alone or on the drawn ones too. */
  readonly train?: {
    readonly options: TrainOptions;
    readonly steps: number;
    readonly drawn: boolean;
    /** Images of other categories that count as anomalies in each. */
    readonly strangers: number;
  };
}

type Options = Partial<TrainOptions> & { drawn?: boolean; strangers?: number; steps?: number };

const trained = (
  name: string,
  { drawn = true, strangers = 0, steps = 300, ...options }: Options = {},
): Setting => ({
  name,
  train: { options: { ...TRAIN_DEFAULTS, balance: "categories", ...options }, steps, drawn, strangers },
});

const STRANGERS = 8;
const MONOTONE = { headsForm: "monotone", lr: 1e-2 } as const;
const SORTED = { headsForm: "sorted", lr: 5e-3 } as const;

/** The choice among them is made on auxiliary categories held out. */
export const SETTINGS: readonly Setting[] = [
  { name: "s_p alone", largest: 1 },
  { name: "mean of the 3 largest", largest: 3 },
  { name: "mean of the 10 largest", largest: 10 },
  trained("paper, probability, all"),
  trained("paper, probability, all, strangers", { strangers: STRANGERS }),
  trained("sorted, probability, all", SORTED),
  trained("sorted, probability, all, strangers", { ...SORTED, strangers: STRANGERS }),
  trained("monotone, probability, all", MONOTONE),
  trained("monotone, probability, all, strangers", { ...MONOTONE, strangers: STRANGERS }),
  trained("monotone, probability, all, strangers, 1000 steps", {
    ...{ ...MONOTONE, strangers: STRANGERS, steps: 1000 },
  }),
  trained("monotone, probability, 4 real", { ...MONOTONE, drawn: false }),
  trained("paper, logits, all", { loss: "logits" }),
  trained("paper, logits, all, strangers", { loss: "logits", strangers: STRANGERS }),
  trained("sorted, logits, all", { ...SORTED, loss: "logits" }),
  trained("paper, probability, 4 real", { drawn: false }),
  trained("paper, logits, 4 real", { drawn: false, loss: "logits" }),
  trained("sorted, probability, 4 real", { ...SORTED, drawn: false }),
  trained("sorted, probability, all, batch 16", { ...SORTED, batch: 16 }),
  trained("paper, logits, all, batch 16", { loss: "logits", batch: 16 }),
  trained("sorted, probability, all, K = 2", { ...SORTED, shots: 2 }),
];
