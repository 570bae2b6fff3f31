import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "@inctrl/tensor";
import { InctrlError } from "../errors.js";
import { Heads } from "../heads.js";
import { loadCheckpoint, type RunIdentity, saveCheckpoint } from "./checkpoint.js";
import type { TrainingData } from "./data.js";
import { drawLossCurve } from "./loss-curve.js";
import { type EpochRecord, MetricsLog, type StepRecord } from "./metrics-log.js";
import type { PairResiduals } from "./pairs.js";
import { DivergedError, Trainer, type TrainOptions } from "./trainer.js";

export interface RunOptions extends TrainOptions {
  /** Where everything is written; made where it is missing. */
  readonly folder: string;
  /** Default 10. */
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
  /** Stops after the step at work, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** Files of a run, in its folder. */
export const RUN_FILES = {
  heads: "heads.safetensors",
  /** Heads of the epoch that did best on the categories held out. */
  best: "best.safetensors",
  checkpoint: "checkpoint.safetensors",
  metrics: "metrics.jsonl",
  curve: "loss.svg",
  /** Images of the batch whose loss was no number. */
  diverged: "diverged.json",
} as const;

export interface RunResult {
  /** Steps taken in all. */
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
  await mkdir(options.folder, { recursive: true });
  using trainer = new Trainer(data, pairs, options);
  const run = new Run(trainer, data, pairs, options);
  return await run.train();
}

class Run {
  readonly #trainer: Trainer;
  readonly #data: TrainingData;
  readonly #pairs: PairResiduals;
  readonly #options: RunOptions;
  readonly #identity: RunIdentity;
  /** The step of the checkpoint on disk. */
  #saved: number | null = null;

  constructor(trainer: Trainer, data: TrainingData, pairs: PairResiduals, options: RunOptions) {
    this.#trainer = trainer;
    this.#data = data;
    this.#pairs = pairs;
    this.#options = options;
    this.#identity = identityOf(data, pairs, options);
  }

  async train(): Promise<RunResult> {
    const { epochs, steps, resume, signal, onStart } = this.#options;
    const trainer = this.#trainer;
    const total = epochs * steps;
    if (resume) this.#saved = await loadCheckpoint(this.#path("checkpoint"), trainer, this.#identity);
    if (trainer.steps > total) {
      throw new InctrlError(
        "steps",
        `${this.#path("checkpoint")}: has taken ${trainer.steps} steps already and ${total} are asked for; ask for more`,
      );
    }
    const log = await MetricsLog.open(this.#path("metrics"), trainer.steps);
    onStart?.(trainer.steps, total);
    while (trainer.steps < total && !signal?.aborted) {
      await this.#step(log, total);
      if (trainer.steps % steps === 0) await this.#endEpoch(log);
    }
    const finished = trainer.steps === total;
    if (finished) await this.#saveHeads("heads", epochs);
    else await this.#saveCheckpoint();
    await this.#drawCurve(log);
    return {
      steps: trainer.steps,
      finished,
      losses: log.steps,
      epochs: log.epochs,
      heads: {
        last: this.#path("heads"),
        ...(log.epochs.some(({ mean_auroc }) => mean_auroc !== null) && { best: this.#path("best") }),
      },
    };
  }

  async #step(log: MetricsLog, total: number): Promise<void> {
    const { steps, lr, onStep } = this.#options;
    const started = performance.now();
    try {
      const { step, loss, final, image } = await this.#trainer.step();
      const rate = 1000 / (performance.now() - started);
      const epoch = Math.ceil(step / steps);
      const record = { step, epoch, loss, L_h: final, L_IRL: image, lr, rate: Number(rate.toPrecision(4)) };
      await log.add(record);
      onStep?.(record, total);
    } catch (error) {
      throw error instanceof DivergedError ? await this.#explain(error) : error;
    }
  }

  async #endEpoch(log: MetricsLog): Promise<void> {
    const { steps, onEpoch } = this.#options;
    const step = this.#trainer.steps;
    const epoch = step / steps;
    if (this.#data.holdOut.length > 0) {
      const record = await this.#validate(epoch, step);
      const before = Math.max(-1, ...log.epochs.map(({ mean_auroc }) => mean_auroc ?? -1));
      if ((record.mean_auroc ?? -1) > before) await this.#saveHeads("best", epoch);
      await log.add(record);
      onEpoch?.(record);
    }
    await this.#drawCurve(log);
    // Last: a run that is killed before this comes through all of the above again.
    await this.#saveCheckpoint();
  }

  async #saveCheckpoint(): Promise<void> {
    await saveCheckpoint(this.#path("checkpoint"), this.#trainer, this.#identity);
    this.#saved = this.#trainer.steps;
  }

  async #validate(epoch: number, step: number): Promise<EpochRecord> {
    const validated: Record<string, Awaited<ReturnType<Trainer["validate"]>>> = {};
    for (const category of this.#data.holdOut)
      validated[category.name] = await this.#trainer.validate(category);
    const mean = (key: "auroc" | "residual") => {
      const values = Object.values(validated).flatMap((each) => each[key] ?? []);
      return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    return { step, epoch, hold_out: validated, mean_auroc: mean("auroc"), mean_residual: mean("residual") };
  }

  async #saveHeads(name: "heads" | "best", epoch: number): Promise<void> {
    const { provenance, steps } = this.#options;
    const path = this.#path(name);
    const values = await this.#trainer.headValues();
    const { backbone } = this.#pairs.store;
    using heads = Heads.fromValues(backbone.device, values, path);
    await heads.save(path, {
      backbone: backbone.name,
      ...this.#identity,
      ...counts(this.#data),
      ...provenance,
      device: backbone.device.caps.description || backbone.device.caps.name,
      epoch: String(epoch),
      steps: String(epoch * steps),
    });
  }

  async #drawCurve(log: MetricsLog): Promise<void> {
    await writeFileAtomic(this.#path("curve"), [new TextEncoder().encode(drawLossCurve(log.steps))]);
  }

  /** The error with all that is needed to find out: the batch's images go to a file. */
  async #explain({ step, files, message }: DivergedError): Promise<InctrlError> {
    const path = this.#path("diverged");
    await writeFileAtomic(path, [new TextEncoder().encode(`${JSON.stringify({ step, files }, null, 2)}\n`)]);
    const last =
      this.#saved === null
        ? "there is no checkpoint yet"
        : `the last good checkpoint is ${this.#path("checkpoint")}, after step ${this.#saved}`;
    return new InctrlError("diverged", `${message}; all images of the batch are in ${path}; ${last}`);
  }

  #path(name: keyof typeof RUN_FILES): string {
    return join(this.#options.folder, RUN_FILES[name]);
  }
}

/** All that decides what comes out, but for the device. The number of epochs may grow from one run to the next. */
function identityOf(data: TrainingData, pairs: PairResiduals, options: RunOptions): RunIdentity {
  const { shots, batch, headsForm, balance, lr, weightDecay, optimizer, loss, seed, includeQuery, alpha } =
    options;
  const { backbone, fit, recipe } = pairs.store;
  return {
    fingerprint: backbone.fingerprint,
    fit,
    blocks: recipe.blocks.join(","),
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
