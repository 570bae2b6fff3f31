import { CodedError } from "@inctrl/tensor";

/** Stable reasons that a training refuses something; messages may change, these do not. */
export type TrainingErrorCode = "checkpoint" | "diverged" | "shots" | "steps" | "training";

/**
 * A training that cannot begin or go on, with a stable `code` and a one-line message that says how to mend it.
 *
 * @example
 * try { await trainRun(data, pairs, options) } catch (error) {
 *   if (error instanceof TrainingError && error.code === "diverged") console.error(error.message)
 * }
 */
export class TrainingError extends CodedError<TrainingErrorCode> {
  override readonly name = "TrainingError";
}

/** A loss that is no number any more. */
export class DivergedError extends TrainingError {
  readonly step: number;
  /** Names of the batch's images and of what they are compared with. */
  readonly files: readonly string[];

  constructor(step: number, loss: number, files: readonly string[]) {
    const some = files.slice(0, 3).join(", ") + (files.length > 3 ? ` and ${files.length - 3} more` : "");
    super(
      "diverged",
      `step ${step}: the loss is ${loss} (images: ${some}); lower the learning rate, or check these images`,
    );
    this.step = step;
    this.files = files;
  }
}
