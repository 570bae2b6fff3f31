import { appendFile, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "@inctrl/datasets";
import { CodedError } from "@inctrl/tensor";
import { boundedJson, readTextIfThere } from "@inctrl/tensor/files";
import { readSealed, sealLine } from "../files/sealed-lines.js";
import {
  type Loaded,
  loadCheckpoint,
  type RunIdentity,
  readState,
  saveCheckpoint,
  type TrainingState,
} from "./checkpoint.js";
import { TrainingError } from "./errors.js";
import { type Curve, drawLossCurve } from "./loss-curve.js";

/** Files that every training run keeps in its folder. */
export const COMMON_FILES = {
  checkpoint: "checkpoint.safetensors",
  /** A line of JSON for each step and each validation, each with a checksum over it and all before it. */
  metrics: "metrics.jsonl",
  curve: "loss.svg",
  /** Images of the batch whose loss was no number. */
  diverged: "diverged.json",
} as const;

export interface RunFilesOptions {
  readonly identity: RunIdentity;
  /** The lines of the picture of the losses. */
  readonly curves: readonly Curve[];
  /** Continues from the folder's checkpoint, where there is one. */
  readonly resume?: boolean;
  /** Told, once each, of a checkpoint from before there were checksums, and of metrics that are lost or cannot be written. */
  readonly onNote?: (text: string) => void;
}

/** Codes of losses, parameters and scores that are not finite. */
const NOT_FINITE = new Set<string>(["diverged", "score"]);

export type AfterStep = { readonly step: number; readonly loss: number };
export type AfterValidation = { readonly step: number; readonly hold_out: unknown };

/**
 * The checkpoint, the metrics and the loss curve of a run, which resumes to the same bytes wherever it was killed.
 *
 * @example
 * const files = await RunFiles.open("out", state, { identity, curves, resume: true });
 * await files.add({ step: 1, loss: 0.7 });
 * await files.save();
 */
export class RunFiles<S extends AfterStep, V extends AfterValidation> {
  /** Records of steps and of validations, those of the runs before included. */
  readonly steps: S[] = [];
  readonly validations: V[] = [];
  /** The step of the checkpoint on disk; null without one that belongs to this run. */
  saved: number | null = null;
  readonly #folder: string;
  readonly #state: TrainingState;
  readonly #options: RunFilesOptions;
  /** Lines of the metrics, and what the checksum of the next one goes on from. */
  readonly #lines: string[] = [];
  #seal = "";
  /** Whether all lines are in the file. */
  #logged = true;

  private constructor(folder: string, state: TrainingState, options: RunFilesOptions) {
    this.#folder = folder;
    this.#state = state;
    this.#options = options;
  }

  /**
   * Opens a folder, making it where it is missing.
   *
   * @throws TrainingError `checkpoint` for one of another run, to be resumed, and where its checkpoint or its metrics are damaged.
   */
  static async open<S extends AfterStep, V extends AfterValidation>(
    folder: string,
    state: TrainingState,
    options: RunFilesOptions,
  ): Promise<RunFiles<S, V>> {
    await mkdir(folder, { recursive: true });
    const files = new RunFiles<S, V>(folder, state, options);
    const { identity, resume } = options;
    const loaded = resume ? await loadCheckpoint(files.path("checkpoint"), state, identity) : null;
    files.saved = loaded?.step ?? null;
    if (loaded?.sealed === false) {
      const path = files.path("checkpoint");
      options.onNote?.(`${path}: is of a version without checksums, so that nothing vouches for it`);
    }
    await files.#takeRecords(loaded);
    return files;
  }

  /** The path of a file of the run. */
  path(name: keyof typeof COMMON_FILES): string {
    return join(this.#folder, COMMON_FILES[name]);
  }

  /**
   * Takes over the metrics up to the checkpoint: what came after it comes again. They must be sound up to a checkpoint with
   * checksums; beside one without them they are taken as far as they are.
   */
  async #takeRecords(loaded: Loaded | null): Promise<void> {
    const { steps } = this.#state;
    const path = this.path("metrics");
    const text = steps === 0 ? undefined : await readTextIfThere(path, MAX_LOG_BYTES);
    const { kept, whole } = recordsIn<S | V>(text ?? "", steps, loaded?.records);
    if (!whole) {
      const where = `${path}: line ${kept.length + 1}`;
      if (!loaded?.sealed) this.#options.onNote?.(`${where} and what follows are lost; the training is not`);
      else
        throw new TrainingError(
          "checkpoint",
          `${where} is not what was written beside the checkpoint of step ${steps}; restore the file, or begin again`,
        );
    }
    for (const record of kept) this.#hold(record);
    await writeFileAtomic(path, this.#lines.join(""));
  }

  /** Holds a record, and gives its line. */
  #hold(record: S | V): string {
    if ("loss" in record) this.steps.push(record);
    else this.validations.push(record);
    const { line, state } = sealLine(record, this.#seal);
    this.#seal = state;
    this.#lines.push(line);
    return line;
  }

  /** Adds a record. Where its line cannot be written the run goes on, and the next checkpoint writes all lines again. */
  async add(record: S | V): Promise<void> {
    const line = this.#hold(record);
    if (!this.#logged) return;
    const path = this.path("metrics");
    await appendFile(path, line).catch((error) => {
      this.#logged = false;
      this.#options.onNote?.(`${path}: cannot be written (${error.message}); the training goes on`);
    });
  }

  /** Draws the losses and writes a checkpoint. The checkpoint is last: a run that is killed before it repeats all else. */
  async save(): Promise<void> {
    const { identity, curves } = this.#options;
    await writeFileAtomic(this.path("curve"), drawLossCurve(this.steps, curves));
    if (this.#logged) await syncFile(this.path("metrics"));
    else await writeFileAtomic(this.path("metrics"), this.#lines.join(""));
    this.#logged = true;
    const { steps } = this.#state;
    const records = [...this.steps, ...this.validations].filter(({ step }) => step === steps).length;
    await saveCheckpoint(this.path("checkpoint"), this.#state, identity, records);
    this.saved = steps;
  }

  /** @throws TrainingError `diverged` where a parameter or an average is no longer finite. */
  async checkFinite(): Promise<void> {
    await readState(this.#state);
  }

  /** Runs the training. The error of one that diverged then names the checkpoint that it can go on from. */
  async guard<T>(training: () => Promise<T>): Promise<T> {
    try {
      return await training();
    } catch (error) {
      if (error instanceof CodedError && NOT_FINITE.has(error.code)) error.message += `; ${this.#lastGood}`;
      throw error;
    }
  }

  get #lastGood(): string {
    if (this.saved === null) return "there is no checkpoint yet";
    return `the last good checkpoint is ${this.path("checkpoint")}, after step ${this.saved}`;
  }
}

/** The records of a log up to a step, and whether they are all that it should have. @param count records of that step. */
export function recordsIn<T extends AfterStep | AfterValidation>(text: string, steps: number, count = 0) {
  const kept: T[] = [];
  for (const { entry } of readSealed(text)) {
    if (!isRecord<T>(entry) || entry.step > steps) break;
    kept.push(entry);
  }
  const next = text.split("\n").slice(kept.length, -1)[0];
  const ends = next === undefined || stepOf(next) > steps;
  // A log may be cut at the end of a line: the step is there, and its validation is not.
  const wanted = steps === 0 ? 0 : Math.max(1, count);
  return { kept, whole: ends && kept.filter(({ step }) => step === steps).length >= wanted };
}

/** Most bytes of the metrics: 200 of a step, for 2 million steps. */
const MAX_LOG_BYTES = 4e8;

/** Brings what was appended to the disk, before the checkpoint that counts on it. */
async function syncFile(path: string): Promise<void> {
  await using file = await open(path, "r+");
  await file.datasync();
}

/** The step that a line speaks of; NaN for other lines. */
function stepOf(line: string): number {
  try {
    return Number((boundedJson(line) as { step?: unknown } | null)?.step);
  } catch {
    return Number.NaN;
  }
}

const isRecord = <T>(entry: unknown): entry is T => {
  const { step, loss, hold_out } = (entry ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(step) && (Number.isFinite(loss) || typeof hold_out === "object");
};
