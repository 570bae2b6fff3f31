import { SHIPPED_MODEL } from "@inctrl/clip";
import { TRAIN_DEFAULTS } from "@inctrl/inctrl";
import { z } from "zod";
import { parseSize } from "../options.js";
import { flag, type Given, list, oneOf, positive, settingsOf, text, whole } from "../settings.js";

const SIZE_ERROR = "give a size, such as 500MB or 20GB";

const bytes = z.union([z.number(), z.string()], { error: SIZE_ERROR }).transform((value, context) => {
  const size = parseSize(String(value));
  if (size !== null) return size;
  context.addIssue({ code: "custom", message: SIZE_ERROR });
  return z.NEVER;
});

/** Every setting of a run; in a config file the names are those of the command line. */
const SETTINGS = z.object({
  data: list.optional(),
  category: list.optional(),
  holdOut: list.optional(),
  class: z.record(text, text, { error: "give each category's name in texts" }).default({}),
  backbone: text.default(SHIPPED_MODEL),
  modelConfig: text.optional(),
  vocabulary: text.optional(),
  fit: oneOf("crop", "squash").default("crop"),
  blocks: z.array(whole(1, 1000), { error: "give block numbers" }).optional(),
  text: flag.default(true),
  shots: whole(1, 1000).default(TRAIN_DEFAULTS.shots),
  epochs: whole(1, 1e6).default(10),
  steps: whole(1, 1e6).default(100),
  batch: whole(2, 65536).default(TRAIN_DEFAULTS.batch),
  lr: positive(0, "give a number, zero or more").default(TRAIN_DEFAULTS.lr),
  weightDecay: positive(0, "give a number, zero or more").default(TRAIN_DEFAULTS.weightDecay),
  headsForm: oneOf("paper", "sorted", "monotone").default(TRAIN_DEFAULTS.headsForm),
  strangers: whole(0, 1000).default(0),
  balance: oneOf("images", "categories").default(TRAIN_DEFAULTS.balance),
  optimizer: oneOf("adamw", "adam", "sgd").default(TRAIN_DEFAULTS.optimizer),
  loss: oneOf("probability", "logits").default(TRAIN_DEFAULTS.loss),
  alpha: positive(0, "give a number, zero or more").default(TRAIN_DEFAULTS.alpha),
  scoreAlpha: positive(0, "give a number, zero or more").optional(),
  includeQuery: flag.default(false),
  seed: whole(0, 0xffffffff).default(TRAIN_DEFAULTS.seed),
  out: text.default("train-out"),
  cache: text.optional(),
  cacheLimit: bytes.default(20e9),
  resume: flag.default(false),
  device: text.optional(),
});

export type TrainSettings = z.infer<typeof SETTINGS>;

/**
 * The settings of a run.
 *
 * @param given by name in camel case; only what the user wrote.
 */
export const readSettings = (given: Given, configFile?: string): Promise<TrainSettings> =>
  settingsOf(SETTINGS, given, configFile);
