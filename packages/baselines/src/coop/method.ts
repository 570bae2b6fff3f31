import { join } from "node:path";
import {
  defineMethod,
  FeatureStore,
  gatherData,
  type OptionValues,
  option,
  TensorCache,
} from "@inctrl/detect";
import { BaselineError } from "../errors.js";
import { windowInput } from "../winclip/winclip.js";
import { coopDetector } from "./coop.js";
import { loadContext, type TrainedContext } from "./file.js";
import { trainContext } from "./run.js";
import { CONTEXT_DEFAULTS } from "./trainer.js";

const count = (byDefault: number, help: string) => option.number(byDefault, help, { least: 1, whole: true });

const TRAINING = {
  context: count(CONTEXT_DEFAULTS.count, "context vectors"),
  position: option.choice(CONTEXT_DEFAULTS.position, "where the class name stands beside them", [
    "end",
    "middle",
    "front",
  ]),
  form: option.choice(CONTEXT_DEFAULTS.form, "one context, or one for normal and one for anomalous texts", [
    "unified",
    "state",
  ]),
  words: option.custom<string, undefined>(
    undefined,
    "words that the vectors begin as, of as many tokens",
    "words",
    (given) => (typeof given === "string" && given.trim() !== "" ? given : undefined),
    "random vectors",
  ),
  lr: option.number(CONTEXT_DEFAULTS.lr, "learning rate", { least: 0 }),
  epochs: count(CONTEXT_DEFAULTS.epochs, "epochs"),
  steps: option.number(CONTEXT_DEFAULTS.steps, "steps an epoch; 0: as many as whole batches of the images", {
    least: 0,
    whole: true,
  }),
  batch: option.number(CONTEXT_DEFAULTS.batch, "images a step, half of them anomalous", {
    least: 2,
    whole: true,
  }),
  seed: option.number(CONTEXT_DEFAULTS.seed, "seed of vectors and batches", { least: 0, whole: true }),
};

export const coop = defineMethod<Record<never, never>, TrainedContext>({
  name: "coop",
  title: "CoOp (Zhou et al. 2022): learned words in place of WinCLIP's texts, trained on auxiliary data",
  options: {},
  presets: { paper: {} },
  input: (backbone) => windowInput("coop", backbone, "raw"),
  create(encoder, _, trained) {
    if (trained) return coopDetector(encoder, trained);
    throw new BaselineError("weights", "CoOp needs a context that a training has written; name its file");
  },
  load: loadContext,
  trainOptions: TRAINING,
  // The released program crops and mirrors images at random besides; here their features are computed once.
  trainPresets: { paper: {}, released: { batch: 32, epochs: 200, steps: 0 } },
  async train({ backbone, categories, folder, cache, signal, onStep, onEpoch, onNote, ...job }, given) {
    const { context, ...settings } = given as OptionValues<typeof TRAINING>;
    const features = cache ?? (await TensorCache.open(join(folder, "features")));
    const store = new FeatureStore(backbone, features);
    const data = await gatherData(store, categories, {
      ...{
        holdOut: job.holdOut,
        window: job.window,
        shots: 1,
        seed: settings.seed,
        withoutText: true,
        signal,
      },
    });
    for (const { id, reason } of data.skipped) onNote?.(`skipped ${id}: ${reason}`);
    const steps = settings.steps || Math.max(1, Math.floor(data.items.length / settings.batch));
    return trainContext(store, data, {
      ...{ ...settings, steps, count: context, folder, resume: job.resume, signal, onNote },
      onStep: ({ step, loss }, total) => onStep?.(step, total, loss),
      onEpoch: ({ epoch, mean_auroc }) => onEpoch?.(epoch, mean_auroc),
    });
  },
});
