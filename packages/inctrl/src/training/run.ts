import { join } from "node:path";
import { writeFileAtomic } from "@inctrl/datasets";
import { spreadOf } from "@inctrl/detect";
import { InctrlError } from "../errors.js";
import { Heads } from "../heads.js";
import type { RunIdentity } from "./checkpoint.js";
import type { TrainingData } from "./data.js";
import type { PairResiduals } from "./pairs.js";
import { COMMON_FILES, RunFiles } from "./run-files.js";
import { DivergedError, Trainer, type TrainOptions } from "./trainer.js";

/** One line of `metrics.jsonl`, written after a step. */
export interface StepRecord {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly L_h: number;
  readonly L_IRL: number;
  readonly lr: number;
  /** Steps a second. */
  readonly rate: number;
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

export interface RunOptions extends TrainOptions {
  /** Where everything is written; made where it is missing. */
  readonly folder: string;
  readonly epochs: number;
  /** Steps an epoch. Default 100. */
  readonly steps: number;
  /** Goes on from the folder's checkpoint, where there is one. */
  readonly resume?: boolean;
  /** What the heads' file tells beside what the run itself knows: data, versions. No times: equal runs give equal files. */
  readonly provenance?: Readonly<Record<string, string>>;
  readonly onStart?: (step: number, total: number) => void;
  readonly onStep?: (record: StepRecord, total: number) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Told of what is not as it should be and yet no reason to stop. */
  readonly onNote?: (text: string) => void;
  /** Stops after the step at work, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** Files of a run of the heads, in its folder. */
export const RUN_FILES = {
  ...COMMON_FILES,
  heads: "heads.safetensors",
  /** Heads of the epoch that did best on the categories held out. */
  best: "best.safetensors",
  /** Images of the batch whose loss was no number. */
  diverged: "diverged.json",
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
 * @throws InctrlError `training` where the loss is not finite: it names the step, the images and the last good checkpoint.
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
  const run: Run = { trainer, data, pairs, options, identity, files };
  const { epochs, steps, signal, onStart } = options;
  const total = epochs * steps;
  if (trainer.steps > total) {
    throw new InctrlError(
      "steps",
      `${pathOf(run, "checkpoint")}: has taken ${trainer.steps} steps already and ${total} are asked for; ask for more`,
    );
  }
  onStart?.(trainer.steps, total);
  const finished = await files.guard(async () => {
    while (trainer.steps < total && !signal?.aborted) {
      await takeStep(run, total);
      if (trainer.steps % steps === 0) await endEpoch(run);
    }
    await files.checkFinite();
    if (trainer.steps === total) await saveHeads(run, "heads", epochs);
    await files.save();
    return trainer.steps === total;
  });
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
  readonly files: RunFiles<StepRecord, EpochRecord>;
}

const pathOf = ({ options }: Run, name: keyof typeof RUN_FILES): string =>
  join(options.folder, RUN_FILES[name]);

async function takeStep(run: Run, total: number): Promise<void> {
  const { steps, lr, onStep } = run.options;
  const started = performance.now();
  try {
    const { step, loss, final, image } = await run.trainer.step();
    const rate = 1000 / (performance.now() - started);
    const epoch = Math.ceil(step / steps);
    const record = { step, epoch, loss, L_h: final, L_IRL: image, lr, rate: Number(rate.toPrecision(4)) };
    await run.files.add(record);
    onStep?.(record, total);
  } catch (error) {
    throw error instanceof DivergedError ? await explain(run, error) : error;
  }
}

async function endEpoch(run: Run): Promise<void> {
  const { trainer, data, files, options } = run;
  const epoch = trainer.steps / options.steps;
  await files.checkFinite();
  if (data.holdOut.length > 0) {
    const record = await validate(run, epoch);
    const before = Math.max(-1, ...files.validations.map(({ mean_auroc }) => mean_auroc ?? -1));
    if ((record.mean_auroc ?? -1) > before) await saveHeads(run, "best", epoch);
    await files.add(record);
    options.onEpoch?.(record);
  }
  await files.save();
}

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
  await heads.save(path, {
    backbone: backbone.name,
    ...run.identity,
    ...counts(run.data),
    ...provenance,
    device: backbone.device.caps.description || backbone.device.caps.name,
    epoch: String(epoch),
    steps: String(epoch * steps),
  });
}

/** The error with all that is needed to find out: the batch's images go to a file. */
async function explain(run: Run, { step, files, message }: DivergedError): Promise<InctrlError> {
  const path = pathOf(run, "diverged");
  await writeFileAtomic(path, `${JSON.stringify({ step, files }, null, 2)}\n`);
  return new InctrlError("diverged", `${message}; all images of the batch are in ${path}`);
}

/** All that decides what comes out, but for the device. The number of epochs may grow from one run to the next. */
function identityOf(data: TrainingData, pairs: PairResiduals, options: RunOptions): RunIdentity {
  const { shots, batch, headsForm, balance, lr, weightDecay, optimizer, loss, seed, includeQuery, alpha } =
    options;
  const { backbone, fit, encoder } = pairs.store;
  return {
    fingerprint: backbone.fingerprint,
    fit,
    blocks: encoder.taps.join(","),
    data_sha256: data.hash,
    text: String(data.text !== null),
    options: JSON.stringify({
      ...{ shots, batch, headsForm, balance, lr, weightDecay, optimizer, loss, seed, includeQuery, alpha },
    }),
  };
}

function counts({ items, categories, holdOut, skipped }: TrainingData): Record<string, string> {
  const held = holdOut.map(({ name }) => name);
  return {
    trained_on: JSON.stringify(categories.filter((name) => !held.includes(name))),
    held_out: JSON.stringify(held),
    normal_images: String(items.filter(({ label }) => label === 0).length),
    anomalous_images: String(items.filter(({ label }) => label === 1).length),
    skipped_images: String(skipped.length),
  };
}
