import { type Component, HEADS_FORMS, readComponents, TRAIN_DEFAULTS } from "@inctrl/inctrl";
import { z } from "zod";
import { TRAINABLE, trainingHelp } from "../methods.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { flag, names, nonNegative, oneOf, pairs, texts, whole, wholeList } from "../options/values.js";
import { interruptible } from "../signals.js";
import { HEADS_DEFAULTS } from "../train/defaults.js";
import { runTrain } from "../train/run.js";
import { defineVerb } from "../verb.js";

const componentList = z.unknown().transform((value, context): readonly Component[] => {
  const read = readComponents(value);
  if (read && read.length > 0) return read;
  context.addIssue({ code: "custom", message: "give some of P, I and T, separated by commas, each once" });
  return z.NEVER;
});

export type TrainSettings = Settings<typeof TRAIN_OPTIONS>;

const headsOr = (name: keyof typeof HEADS_DEFAULTS): string =>
  `${HEADS_DEFAULTS[name]} for InCTRL's heads, else the method's own`;

export const TRAIN_OPTIONS = {
  ...group("Data", {
    data: option(
      "<specs...>",
      "data sets, each FORMAT:DIR; `inctrl datasets` lists the formats",
      texts.optional(),
      "drawn products",
    ),
    category: shared.category,
    ...shared.reading,
    holdOut: option(
      "<names>",
      "categories for validation after each epoch, never trained on, separated by commas",
      names.optional(),
    ),
    class: option(
      "<category=name...>",
      "what texts call a category",
      pairs('give a category and its name, such as pcb1="circuit board"').default({}),
      "as the data set says",
    ),
  }),
  ...group("Model", {
    ...shared.backbone,
    text: option("", "", flag.default(true), { no: "leave texts out although the backbone knows text" }),
    blocks: option(
      "<N,...>",
      "blocks whose patches are compared",
      wholeList(1, 1000, "7,9,11").optional(),
      "the backbone's own",
    ),
    fit: option("<how>", "how images become square: crop or squash", oneOf("crop", "squash").default("crop")),
  }),
  ...group("Training", {
    method: option(
      "<name>",
      `trains what another method needs: ${TRAINABLE.map(({ name }) => name).join(" or ")}`,
      oneOf(...(TRAINABLE.map(({ name }) => name) as [string, ...string[]])).optional(),
      "InCTRL's heads",
    ),
    preset: shared.preset(
      "all options of that method's training at once, as its paper or its released program has them",
    ),
    set: shared.set("options of that method's training, listed below", "position=middle"),
    shots: option("<K>", "prompts of each image", whole(1, 1000).optional(), headsOr("shots")),
    epochs: option("<N>", "number of epochs", whole(1, 1e6).optional(), headsOr("epochs")),
    steps: option("<N>", "steps an epoch", whole(1, 1e6).optional(), headsOr("steps")),
    batch: option(
      "<N>",
      "images a step, half of them anomalous",
      whole(2, 65536).optional(),
      headsOr("batch"),
    ),
    headsForm: option(
      "<form>",
      `form of the heads: ${HEADS_FORMS.join(", ")}; concat and average join features where the paper subtracts them`,
      oneOf(...HEADS_FORMS).default(TRAIN_DEFAULTS.headsForm),
    ),
    components: option(
      "<P,I,T>",
      "parts of the score that is trained: P patches, I image, T text",
      componentList.optional(),
      "all that the form and the backbone have",
    ),
    negatives: option(
      "<N>",
      "cross-category negatives: normal images of other categories that count as anomalous in each",
      whole(0, 1000).default(0),
      { aliases: ["strangers"] },
    ),
    balance: option(
      "<what>",
      "what comes up equally often: images or categories",
      oneOf("images", "categories").default(TRAIN_DEFAULTS.balance),
    ),
    lr: option("<rate>", "learning rate", nonNegative().optional(), headsOr("lr")),
    weightDecay: option("<rate>", "weight decay", nonNegative().default(TRAIN_DEFAULTS.weightDecay)),
    optimizer: option(
      "<name>",
      "adamw, adam or sgd",
      oneOf("adamw", "adam", "sgd").default(TRAIN_DEFAULTS.optimizer),
    ),
    loss: option(
      "<form>",
      "whether the loss reads scores as probability or as logits",
      oneOf("probability", "logits").default(TRAIN_DEFAULTS.loss),
    ),
    alpha: option(
      "<A>",
      "weight of the patch residual in the score while training",
      nonNegative().default(TRAIN_DEFAULTS.alpha),
    ),
    scoreAlpha: option(
      "<A>",
      "the same when the heads are used; their file remembers it",
      nonNegative().optional(),
      "--alpha",
    ),
    includeQuery: option(
      "",
      "let an image be its own prompt, as the released code does",
      flag.default(false),
    ),
    seed: option(
      "<S>",
      "seed of initial values, batches and prompts",
      shared.seedValue.default(TRAIN_DEFAULTS.seed),
    ),
  }),
  ...shared.trainingFiles("train-out"),
  ...group("Files", {
    cache: shared.folder("where features of images are kept", "in the cache folder"),
    cacheLimit: shared.cacheLimit,
  }),
  ...shared.machine,
  ...group("Machine", { threads: shared.threads }),
};

/** `inctrl train`: labelled images in, trained heads out. */
export const trainCommand = defineVerb({
  summary: "train the heads on labelled images",
  description: "Trains InCTRL's heads on normal and anomalous images; the backbone stays as it is.",
  options: TRAIN_OPTIONS,
  examples: `
Try it on products that this program draws, in a minute or two:
  inctrl train

Train on real data with a real backbone; two categories are held out to see how the heads do on new ones:
  inctrl train --data mvtec:downloads/mvtec --backbone deit-tiny --shots 4 --hold-out screw,leather --out heads/

Learn CoOp's words on the same products:
  inctrl train --method coop --set context=8 position=middle --out coop/

Train on several data sets with settings from a file, and continue a run that was stopped:
  inctrl train --data visa:downloads/visa aitex:downloads/aitex --config train.yaml --resume`,
  notes: `
${trainingHelp()}

A configuration file has the same names as the options, without the dashes in front ("weight-decay: 0.01"). Options on
the command line override it. Exit code 0: the heads are trained; 1: the run failed; 130: Ctrl-C stopped it, and
--resume continues from its checkpoint.`,
  run: (settings) => interruptible((signal) => runTrain(settings, signal)),
});
