import { CliError } from "../errors.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { nonNegative, whole } from "../options/values.js";
import { runPretrain } from "../pretrain/run.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

/** Groups of the pool are put into order by multiplication modulo their number. */
function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

const weight = (of: string, value: number) =>
  option("<W>", `weight of the loss ${of}`, nonNegative().default(value));

export type PretrainSettings = Settings<typeof PRETRAIN_OPTIONS>;

export const PRETRAIN_OPTIONS = {
  ...group("Model", {
    model: shared.file("the model's configuration in OpenCLIP's JSON; the vocabulary is learned", "nano's"),
    from: shared.file("weights of such a model to start from, with merges.txt beside them", "random weights"),
    imageSize: option(
      "<pixels>",
      "side of the training images; positions of --from are interpolated",
      whole(1, 1024).optional(),
      "the configuration's",
    ),
    merges: option("<N>", "merges of the vocabulary", whole(1, 20_000).default(1200)),
  }),
  ...group("Training", {
    steps: option("<N>", "steps of the whole schedule", whole(1, 1e7).default(3000)),
    minutes: option(
      "<N>",
      "stop after this many minutes, with a checkpoint for --resume",
      nonNegative().optional(),
    ),
    batch: option("<N>", "images a step, a multiple of --group", whole(4, 4096).default(64)),
    group: option(
      "<N>",
      "images of one product in a batch, every second one damaged; an even number",
      whole(4, 64)
        .refine((n) => n % 2 === 0, { error: "give an even number" })
        .default(4),
    ),
    pool: option(
      "<N>",
      "groups of images that are drawn and shown again and again; a prime number",
      whole(3, 1e6).refine(isPrime, { error: "give a prime number, such as 16381" }).default(16381),
    ),
    lr: option("<rate>", "largest learning rate", nonNegative().default(1e-3)),
    warmUp: option("<N>", "steps until the learning rate is largest", whole(0, 1e7).default(200)),
    coolDown: option(
      "<N>",
      "last steps, in which half a cosine brings the learning rate to 0",
      whole(0, 1e7).default(1000),
    ),
    weightDecay: option("<rate>", "weight decay of matrices", nonNegative().default(0.05)),
    clip: option("<length>", "largest joint length of the gradients", nonNegative().default(1)),
    matchWeight: weight("that matches images and captions", 0.3),
    stateWeight: weight("that tells flawless images from damaged ones by text", 0.5),
    patchWeight: weight("that does so for each patch", 1),
    residualWeight: weight("that finds damage by comparison with normal images", 2),
    appearanceWeight: weight("that keeps patches as similar as they look", 1),
    seed: option("<S>", "seed of initial values, images and wording", shared.seedValue.default(0)),
  }),
  ...shared.trainingFiles("pretrain-out"),
  ...group("Files", {
    saveEvery: option("<N>", "steps between checkpoints", whole(1, 1e7).default(100)),
    validateEvery: option(
      "<N>",
      "steps between validations on classes never trained on",
      whole(1, 1e7).default(250),
      { aliases: ["judgeEvery"] },
    ),
  }),
  ...shared.machine,
};

/** `inctrl pretrain`: a small CLIP from nothing, on images that this program draws. */
export const pretrainCommand = defineVerb({
  summary: "train a small backbone from nothing on drawn images",
  description: "Trains a small CLIP contrastively on images and captions that this program draws.",
  options: PRETRAIN_OPTIONS,
  examples: `
Take a first look, in some minutes:
  inctrl pretrain --steps 100 --warm-up 10

Train as nano's training began, an hour at a time; each run continues the last one:
  inctrl pretrain --steps 4000 --pool 8191 --out nano/ --minutes 60 --resume

Continue with larger images from the weights of another run:
  inctrl pretrain --from nano/model.safetensors --image-size 96 --steps 1220 --cool-down 500 --seed 3 --out nano-96/`,
  notes: `
A configuration file has the same names as the options, without the dashes in front ("warm-up: 100"). Options on the
command line override it. Exit code 0: the steps or the minutes are over; 1: the run failed; 130: Ctrl-C stopped it,
and --resume continues from its checkpoint.`,
  run: (settings) => interruptible((signal) => runPretrain(checked(settings), signal)),
});

function checked(settings: PretrainSettings): PretrainSettings {
  if (settings.batch % settings.group === 0) return settings;
  throw new CliError("option", "--batch: give a multiple of --group");
}
