import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "@inctrl/datasets";
import { loadCheckpoint, type RunIdentity, saveCheckpoint, type TrainingState } from "./checkpoint.js";
import { type Curve, drawLossCurve } from "./loss-curve.js";

/** Files that every training run keeps in its folder. */
export const COMMON_FILES = {
  checkpoint: "checkpoint.safetensors",
  /** A line of JSON for each step and each validation. */
  metrics: "metrics.jsonl",
  curve: "loss.svg",
} as const;

export interface RunFilesOptions {
  readonly identity: RunIdentity;
  /** The lines of the picture of the losses. */
  readonly curves: readonly Curve[];
  /** Continues from the folder's checkpoint, where there is one. */
  readonly resume?: boolean;
}

type AfterStep = { readonly step: number; readonly loss: number };
type AfterValidation = { readonly step: number; readonly hold_out: unknown };

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
  saved: number | null;
  readonly #folder: string;
  readonly #state: TrainingState;
  readonly #options: RunFilesOptions;

  private constructor(folder: string, state: TrainingState, options: RunFilesOptions, saved: number | null) {
    this.#folder = folder;
    this.#state = state;
    this.#options = options;
    this.saved = saved;
  }

  /** Opens a folder, making it where it is missing. @throws InctrlError `checkpoint` for one of another run, to be resumed. */
  static async open<S extends AfterStep, V extends AfterValidation>(
    folder: string,
    state: TrainingState,
    options: RunFilesOptions,
  ): Promise<RunFiles<S, V>> {
    await mkdir(folder, { recursive: true });
    const { identity, resume } = options;
    const saved = resume
      ? await loadCheckpoint(join(folder, COMMON_FILES.checkpoint), state, identity)
      : null;
    const files = new RunFiles<S, V>(folder, state, options, saved);
    await files.#takeRecords();
    return files;
  }

  /** Takes over the metrics up to the checkpoint: what came after it comes again. */
  async #takeRecords(): Promise<void> {
    const { steps } = this.#state;
    const path = join(this.#folder, COMMON_FILES.metrics);
    const text = steps === 0 ? "" : await readFile(path, "utf8").catch(() => "");
    const kept = text.split("\n").flatMap((line) => {
      const record = parse(line) as S | V | null;
      return record && record.step <= steps ? [record] : [];
    });
    for (const record of kept) this.#hold(record);
    await writeFileAtomic(path, kept.map(lineOf).join(""));
  }

  #hold(record: S | V): void {
    if ("loss" in record) this.steps.push(record);
    else this.validations.push(record);
  }

  async add(record: S | V): Promise<void> {
    this.#hold(record);
    await appendFile(join(this.#folder, COMMON_FILES.metrics), lineOf(record));
  }

  /** Draws the losses and writes a checkpoint. The checkpoint is last: a run that is killed before it repeats all else. */
  async save(): Promise<void> {
    const { identity, curves } = this.#options;
    await writeFileAtomic(join(this.#folder, COMMON_FILES.curve), drawLossCurve(this.steps, curves));
    await saveCheckpoint(join(this.#folder, COMMON_FILES.checkpoint), this.#state, identity);
    this.saved = this.#state.steps;
  }
}

const lineOf = (record: object): string => `${JSON.stringify(record)}\n`;

/** A line as a record; the last line of a run that was killed may be half a line. */
function parse(line: string): unknown {
  try {
    const record = JSON.parse(line);
    const sound = typeof record?.step === "number" && (typeof record.loss === "number" || record.hold_out);
    return sound ? record : null;
  } catch {
    return null;
  }
}
