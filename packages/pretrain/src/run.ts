import { createHash } from "node:crypto";
import { RunFiles, type RunIdentity } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { orderOf } from "./data/order.js";
import { Prefetcher } from "./data/prefetcher.js";
import { exportModel } from "./export.js";
import { LOSS_PARTS, type LossWeights } from "./loss/loss.js";
import type { ModelPlan, PlanOptions } from "./plan.js";
import { Pretrainer, type PretrainOptions, type PretrainReport } from "./pretrainer.js";
import { openStart } from "./start.js";
import { openValidationSet, type Validation, validate } from "./validation.js";

/** Settings of a run. */
export interface PretrainSettings
  extends PlanOptions,
    Omit<PretrainOptions, "weights">,
    Readonly<Record<`${keyof LossWeights}Weight`, number>> {
  /** The folder that everything is written to. */
  readonly out: string;
  /** Stops after this many minutes, with a checkpoint. Default: never. */
  readonly minutes?: number;
  /** Images a step, a multiple of `group`. */
  readonly batch: number;
  /** Images of one class in a batch, every second one damaged; even, at least 4. */
  readonly group: number;
  /** Groups of images that are drawn and shown again and again; a prime number. */
  readonly pool: number;
  /** Steps between checkpoints. */
  readonly saveEvery: number;
  /** Steps between validations. */
  readonly validateEvery: number;
  /** Continues from the checkpoint in the folder, where there is one. */
  readonly resume?: boolean;
}

/** Callbacks and the like, which decide nothing. */
export interface PretrainEvents {
  /** Written into the weights' metadata beside the settings. */
  readonly provenance?: Readonly<Record<string, string>>;
  /** Before the first step: the steps taken so far, null where there was no checkpoint to resume from. */
  readonly onStart?: (resumed: number | null) => void;
  readonly onStep?: (record: StepRecord) => void;
  readonly onValidation?: (record: ValidationRecord) => void;
  /** Told of what is not as it should be and yet no reason to stop. */
  readonly onNote?: (text: string) => void;
  /** Stops after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** A line of `metrics.jsonl` after a step. */
export interface StepRecord extends PretrainReport {
  readonly lr: number;
  /** Images a second. */
  readonly rate: number;
}

/** A line of `metrics.jsonl` after a validation. */
export interface ValidationRecord {
  readonly step: number;
  readonly hold_out: Validation;
}

const CURVES = [
  { key: "loss", name: "loss", colour: "#222222" },
  { key: "match", name: "images and captions", colour: "#1f6fb4" },
  { key: "state", name: "state", colour: "#c8501e" },
  { key: "patch", name: "state of patches", colour: "#2b8a3e" },
  { key: "residual", name: "residual", colour: "#7048a8" },
  { key: "appearance", name: "appearance", colour: "#b08900" },
];

/**
 * Trains a small CLIP on drawn images and writes it as a backbone, with checkpoints on the way. Equal settings give equal bytes
 * on one device, also when a run was stopped and resumed.
 *
 * @throws PretrainError `diverged` where the loss or a score is not finite: it names the last good checkpoint.
 * @returns the steps taken in all: fewer than `settings.steps` where the time was over or the signal came.
 * @example
 * const plan = await planModel(settings);
 * const steps = await pretrainRun(device, plan, settings);
 */
export async function pretrainRun(
  device: Device,
  plan: ModelPlan,
  settings: PretrainSettings,
  { provenance, onStart, onStep, onValidation, onNote, signal }: PretrainEvents = {},
): Promise<number> {
  const { out, steps, minutes = Number.POSITIVE_INFINITY, saveEvery, validateEvery, seed, group } = settings;
  const start = settings.from === undefined ? undefined : await openStart(settings.from, plan);
  const options = { ...settings, weights: weightsOf(settings) };
  using trainer = await Pretrainer.create(device, plan.config, plan.tokenizer, options, start?.read).finally(
    () => start?.close(),
  );
  const identity = identityOf(plan, settings, start?.sha256);
  const files = await RunFiles.open<StepRecord, ValidationRecord>(out, trainer.state, {
    ...{ identity, curves: CURVES, resume: settings.resume, onNote },
  });
  onStart?.(files.saved);
  const size = plan.config.vision.imageSize;
  const validationSet = await openValidationSet(size, settings);
  using prefetcher = new Prefetcher((at) => ({
    ...{ seed, split: "train", size, group },
    shown: orderOf(at, settings),
  }));
  const until = performance.now() + minutes * 60_000;
  await files.guard(async () => {
    while (trainer.steps < steps && !signal?.aborted && performance.now() < until) {
      const record = await step(trainer, prefetcher, settings.batch);
      await files.add(record);
      onStep?.(record);
      if (record.step % validateEvery === 0 || record.step === steps) {
        await files.checkFinite();
        const hold_out = await validate(trainer.clip, plan.tokenizer, validationSet);
        await files.add({ step: record.step, hold_out });
        onValidation?.({ step: record.step, hold_out });
      }
      if (record.step % saveEvery === 0) await files.save();
    }
    await files.save();
  });
  await exportModel(out, trainer.clip, plan, { ...identity, step: String(trainer.steps), ...provenance });
  return trainer.steps;
}

const weightsOf = (settings: PretrainSettings): LossWeights =>
  Object.fromEntries(LOSS_PARTS.map((part) => [part, settings[`${part}Weight`]])) as LossWeights;

async function step(trainer: Pretrainer, prefetcher: Prefetcher, count: number): Promise<StepRecord> {
  const started = performance.now();
  const batch = await prefetcher.batch(trainer.steps);
  const lr = trainer.rate;
  const report = await trainer.step(batch);
  const rate = (1000 * count) / (performance.now() - started);
  return { ...report, lr, rate: Number(rate.toPrecision(3)) };
}

/** Settings that must match for a stored run to resume. The end of the schedule is none: a run may be given more steps. */
const IDENTITY: (keyof PretrainSettings)[] = [
  ...(["batch", "group", "pool", "lr", "warmUp", "weightDecay", "clip", "seed"] as const),
  ...LOSS_PARTS.map((part) => `${part}Weight` as const),
];

function identityOf({ json, merges }: ModelPlan, settings: PretrainSettings, start?: string): RunIdentity {
  return {
    ...(start && { from: start }),
    model: JSON.stringify(json),
    merges: createHash("sha256").update(merges).digest("hex"),
    options: JSON.stringify(settings, IDENTITY),
  };
}
