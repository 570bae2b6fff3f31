import { writeFileAtomic } from "@inctrl/datasets";
import type { TrainingState } from "./checkpoint.js";
import { DivergedError, TrainingError } from "./errors.js";
import type { AfterStep, AfterValidation, RunFiles } from "./run-files.js";

/** What a method does in a run: its steps, what it thinks of them, and what it saves. */
export interface Training<S extends AfterStep, V extends AfterValidation> {
  readonly state: TrainingState;
  readonly files: RunFiles<S, V>;
  /** Takes a step, and gives what its record tells beside step, epoch and rate. */
  step(): Promise<Omit<S, "step" | "epoch" | "rate">>;
  /** Judges an epoch; null where nothing is held out. */
  validate(epoch: number): Promise<V | null>;
  /** How good a judged epoch was, larger is better; null where that cannot be told. */
  mark(record: V): number | null;
  /** Writes what was trained: of the last step, or of the best epoch so far. */
  save(which: "last" | "best", epoch: number): Promise<void>;
}

/** One line of the metrics, written after a step. */
export interface StepLine extends AfterStep {
  readonly epoch: number;
  readonly lr: number;
  /** Steps a second. */
  readonly rate: number;
}

/** Where a run's files lie, and what they tell. */
export interface RunPlace {
  /** Where everything is written; made where it is missing. */
  readonly folder: string;
  /** Goes on from the folder's checkpoint, where there is one. */
  readonly resume?: boolean;
  /** What the file of what was trained tells beside what the run itself knows: data, versions. No times: equal runs give equal files. */
  readonly provenance?: Readonly<Record<string, string>>;
  /** Told of what is not as it should be and yet no reason to stop. */
  readonly onNote?: (text: string) => void;
}

export interface RunLengths<S, V> {
  readonly epochs: number;
  /** Steps an epoch. */
  readonly steps: number;
  readonly onStart?: (step: number, total: number) => void;
  readonly onStep?: (record: S, total: number) => void;
  readonly onEpoch?: (record: V) => void;
  /** Stops after the step at work, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/**
 * Trains epoch by epoch, with a checkpoint after each. What a step does must depend on its number alone: a run that was stopped or
 * killed then ends with the same bytes.
 *
 * @returns false where it was stopped.
 * @throws TrainingError `steps` where more are taken already, `diverged` where the loss is not finite: it names the step, the images
 * and the last good checkpoint.
 */
export async function runEpochs<S extends AfterStep, V extends AfterValidation>(
  training: Training<S, V>,
  lengths: RunLengths<S, V>,
): Promise<boolean> {
  const { state, files } = training;
  const { epochs, steps, signal, onStart } = lengths;
  const total = epochs * steps;
  if (state.steps > total) {
    throw new TrainingError(
      "steps",
      `${files.path("checkpoint")}: has taken ${state.steps} steps already and ${total} are asked for; ask for more`,
    );
  }
  onStart?.(state.steps, total);
  return files.guard(async () => {
    while (state.steps < total && !signal?.aborted) {
      await takeStep(training, lengths);
      if (state.steps % steps === 0) await endEpoch(training, lengths);
    }
    // The end of an epoch has written a checkpoint, and found all values finite.
    const saved = files.saved === state.steps;
    if (!saved) await files.checkFinite();
    const finished = state.steps === total;
    if (finished) await training.save("last", epochs);
    if (!saved) await files.save();
    return finished;
  });
}

async function takeStep<S extends AfterStep, V extends AfterValidation>(
  training: Training<S, V>,
  { epochs, steps, onStep }: RunLengths<S, V>,
): Promise<void> {
  const { state, files } = training;
  const started = performance.now();
  try {
    const made = await training.step();
    const rate = Number((1000 / (performance.now() - started)).toPrecision(4));
    const record = {
      step: state.steps,
      epoch: Math.ceil(state.steps / steps),
      ...made,
      rate,
    } as unknown as S;
    await files.add(record);
    onStep?.(record, epochs * steps);
  } catch (error) {
    throw error instanceof DivergedError ? await explain(files.path("diverged"), error) : error;
  }
}

async function endEpoch<S extends AfterStep, V extends AfterValidation>(
  training: Training<S, V>,
  { steps, onEpoch }: RunLengths<S, V>,
): Promise<void> {
  const { state, files } = training;
  const epoch = state.steps / steps;
  await files.checkFinite();
  const record = await training.validate(epoch);
  if (record) {
    const mark = (each: V) => training.mark(each) ?? -1;
    if (mark(record) > Math.max(-1, ...files.validations.map(mark))) await training.save("best", epoch);
    await files.add(record);
    onEpoch?.(record);
  }
  await files.save();
}

/** The error with all that is needed to find out: the batch's images go to a file. */
async function explain(path: string, { step, files, message }: DivergedError): Promise<TrainingError> {
  await writeFileAtomic(path, `${JSON.stringify({ step, files }, null, 2)}\n`);
  return new TrainingError("diverged", `${message}; all images of the batch are in ${path}`);
}
