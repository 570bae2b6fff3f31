import { join } from "node:path";
import {
  COMMON_FILES,
  type FeatureStore,
  type HoldOutEpoch,
  judgeHoldOut,
  RunFiles,
  type RunLengths,
  type RunPlace,
  runEpochs,
  type StepLine,
  type Trained,
  type TrainingData,
  trainedOn,
} from "@inctrl/detect";
import { towerOf } from "./coop.js";
import { saveContext } from "./file.js";
import { ContextTrainer, type ContextTraining } from "./trainer.js";

/** Files of a run, in its folder. */
export const CONTEXT_FILES = {
  ...COMMON_FILES,
  context: "context.safetensors",
  /** The context of the epoch that did best on the categories held out. */
  best: "best.safetensors",
} as const;

export interface ContextRun extends ContextTraining, RunPlace, RunLengths<StepLine, HoldOutEpoch> {}

const CURVES = [{ key: "loss", name: "loss", colour: "#222222" }];

/**
 * Trains CoOp's context epoch by epoch on class features that are computed once. The same seed, data, options and device give the
 * same bytes, also when a run was stopped or killed and resumed.
 *
 * @param data without texts: the context is the text.
 * @throws TrainingError as `runEpochs`, BaselineError `options` where the backbone has no text tower or a name is too long.
 */
export async function trainContext(
  store: FeatureStore,
  data: TrainingData,
  options: ContextRun,
): Promise<Trained & { losses: readonly StepLine[]; epochs: readonly HoldOutEpoch[] }> {
  const { backbone, fit } = store;
  const withText = towerOf(backbone);
  const text = (await backbone.textFingerprint()) as string;
  const { count, position, form, words = null, lr, epochs, steps, batch, seed } = options;
  const settings = { count, position, form, words, lr, epochs, batch, seed };
  const identity = {
    ...{ fingerprint: backbone.fingerprint, text, fit, data_sha256: data.hash },
    options: JSON.stringify({ ...settings, steps }),
  };
  return withText(
    async (tower) => {
      using trainer = await ContextTrainer.open(tower, store, data, options);
      const files = await RunFiles.open<StepLine, HoldOutEpoch>(options.folder, trainer.state, {
        ...{ identity, curves: CURVES, resume: options.resume, onNote: options.onNote },
      });
      const pathOf = (name: "context" | "best") => join(options.folder, CONTEXT_FILES[name]);
      const finished = await runEpochs<StepLine, HoldOutEpoch>(
        {
          ...{ state: trainer.state, files },
          step: async () => ({ loss: await trainer.step(), lr: trainer.rateOf(options) }),
          // By the text score.
          validate: (epoch) =>
            judgeHoldOut(data.holdOut, { step: trainer.state.steps, epoch }, (each) =>
              trainer.validate(each),
            ),
          mark: ({ mean_auroc }) => mean_auroc,
          save: (which, epoch) =>
            saveContext(
              pathOf(which === "last" ? "context" : "best"),
              trainer.context,
              { words, scale: trainer.scale, seed, text },
              {
                ...{ backbone: backbone.name, ...identity, ...trainedOn(data), ...options.provenance },
                ...{ epoch: String(epoch), steps: String(epoch * steps) },
              },
            ),
        },
        options,
      );
      const best = files.validations.some(({ mean_auroc }) => mean_auroc !== null) ? pathOf("best") : null;
      return { file: pathOf("context"), best, finished, losses: files.steps, epochs: files.validations };
    },
    { trainable: true },
  );
}
