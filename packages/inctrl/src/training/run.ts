import { join } from "node:path";
import {
  COMMON_FILES,
  RunFiles,
  type RunIdentity,
  type RunLengths,
  type RunPlace,
  runEpochs,
  type StepLine,
  spreadOf,
  type TrainingData,
  trainedOn,
} from "@inctrl/detect";
import { componentsText } from "../components.js";
import { Heads } from "../heads.js";
import type { PairResiduals } from "./pairs.js";
import { Trainer, type TrainOptions } from "./trainer.js";

/** One line of `metrics.jsonl`, written after a step. */
export interface StepRecord extends StepLine {
  readonly L_h: number;
  readonly L_IRL: number;
}

/** One line after an epoch with categories held out: AUROC of the final score, and of s_p alone. */
export interface EpochRecord {
  readonly step: number;
  readonly epoch: number;
  readonly hold_out: Readonly<
    Record<string, { readonly auroc: number | null; readonly residual: number | null }>
  >;
  readonly mean_auroc: number | null;
  readonly mean_residual: number | null;
}

export interface RunOptions extends TrainOptions, RunPlace, RunLengths<StepRecord, EpochRecord> {}

/** Files of a run of the heads, in its folder. */
export const RUN_FILES = {
  ...COMMON_FILES,
  heads: "heads.safetensors",
  /** Heads of the epoch that did best on the categories held out. */
  best: "best.safetensors",
} as const;

const CURVES = [
  { key: "loss", name: "loss", colour: "#222222" },
  { key: "L_h", name: "L_h, final score", colour: "#1f6fb4" },
  { key: "L_IRL", name: "L_IRL, image residual", colour: "#c8501e" },
];

export interface RunResult {
  readonly steps: number;
  /** False where the run was stopped. */
  readonly finished: boolean;
  readonly losses: readonly StepRecord[];
  readonly epochs: readonly EpochRecord[];
  readonly heads: Record<"last", string> & Partial<Record<"best", string>>;
}

/**
 * Trains heads epoch by epoch, with a checkpoint after each. The same seed, data, options and device give the same bytes, also
 * when a run was stopped or killed and resumed.
 *
 * @throws TrainingError `diverged` where the loss is not finite: it names the step, the images and the last good checkpoint.
 * @example
 * const data = await gatherData(store, categories, { shots: 4, seed: 0 });
 * const { heads } = await trainRun(data, new PairResiduals(store), { ...TRAIN_DEFAULTS, folder: "out", epochs: 10, steps: 100 });
 */
export async function trainRun(
  data: TrainingData,
  pairs: PairResiduals,
  options: RunOptions,
): Promise<RunResult> {
  using trainer = new Trainer(data, pairs, options);
  const identity = identityOf(data, pairs, options);
  const files = await RunFiles.open<StepRecord, EpochRecord>(options.folder, trainer.state, {
    ...{ identity, curves: CURVES, resume: options.resume, onNote: options.onNote },
  });
  const run: Run = { trainer, data, pairs, options, identity };
  const finished = await runEpochs<StepRecord, EpochRecord>(
    {
      ...{ state: trainer.state, files },
      async step() {
        const { loss, final, image } = await trainer.step();
        return { loss, L_h: final, L_IRL: image, lr: options.lr };
      },
      validate: async (epoch) => (data.holdOut.length > 0 ? validate(run, epoch) : null),
      mark: ({ mean_auroc }) => mean_auroc,
      save: (which, epoch) => saveHeads(run, which === "last" ? "heads" : "best", epoch),
    },
    options,
  );
  const validated = files.validations.some(({ mean_auroc }) => mean_auroc !== null);
  return {
    ...{ steps: trainer.steps, finished, losses: files.steps, epochs: files.validations },
    heads: { last: pathOf(run, "heads"), ...(validated && { best: pathOf(run, "best") }) },
  };
}

interface Run {
  readonly trainer: Trainer;
  readonly data: TrainingData;
  readonly pairs: PairResiduals;
  readonly options: RunOptions;
  readonly identity: RunIdentity;
}

const pathOf = ({ options }: Run, name: keyof typeof RUN_FILES): string =>
  join(options.folder, RUN_FILES[name]);

async function validate({ trainer, data }: Run, epoch: number): Promise<EpochRecord> {
  const hold_out: Record<string, Awaited<ReturnType<Trainer["validate"]>>> = {};
  for (const category of data.holdOut) hold_out[category.name] = await trainer.validate(category);
  const mean = (key: "auroc" | "residual") =>
    spreadOf(Object.values(hold_out).flatMap((each) => each[key] ?? []))?.mean ?? null;
  return { step: trainer.steps, epoch, hold_out, mean_auroc: mean("auroc"), mean_residual: mean("residual") };
}

async function saveHeads(run: Run, name: "heads" | "best", epoch: number): Promise<void> {
  const { provenance, steps } = run.options;
  const path = pathOf(run, name);
  const { backbone } = run.pairs.store;
  using heads = Heads.fromValues(backbone.device, await run.trainer.headValues(), path);
  const { components } = run.trainer;
  await heads.save(path, {
    backbone: backbone.name,
    ...run.identity,
    ...trainedOn(run.data),
    ...{ heads_form: heads.form, components: componentsText(components) },
    ...provenance,
    device: backbone.device.caps.description || backbone.device.caps.name,
    epoch: String(epoch),
    steps: String(epoch * steps),
  });
}

/** All that decides what comes out, but for the device. The number of epochs may grow from one run to the next. */
function identityOf(data: TrainingData, pairs: PairResiduals, options: RunOptions): RunIdentity {
  const { shots, batch, headsForm, balance, lr, weightDecay, optimizer, loss, seed, includeQuery, alpha } =
    options;
  const { components } = options;
  const { backbone, fit, encoder } = pairs.store;
  return {
    fingerprint: backbone.fingerprint,
    fit,
    blocks: encoder.taps.join(","),
    data_sha256: data.hash,
    text: String(data.text !== null),
    options: JSON.stringify({
      ...{ shots, batch, headsForm, balance, lr, weightDecay, optimizer, loss, seed, includeQuery, alpha },
      ...(components && { components: components.join() }),
    }),
  };
}
