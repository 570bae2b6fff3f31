import { check } from "../errors.js";
import type { Tensor } from "../tensor.js";
import type { Rule } from "./rule.js";

/** What ops tell of themselves while a tape is running. Rules for gradients live apart, so that ops need not know them. */
export interface Recorder {
  record(op: string, inputs: readonly unknown[], output: Tensor, attributes: unknown, rule?: Rule): void;
  /** Whether a gradient flows back to or through a tensor. */
  tracks(x: Tensor): boolean;
}

let active: Recorder | null = null;

/** What notes ops now. */
export const activeRecorder = (): Recorder | null => active;

/** Whether ops are being recorded now. */
export const isRecording = (): boolean => active !== null;

/** Runs a function with another recorder, or with none. */
export function withRecorder<T>(recorder: Recorder | null, run: () => T): T {
  const outer = active;
  active = recorder;
  try {
    return run();
  } finally {
    active = outer;
  }
}

/**
 * Runs a function without recording it: nothing it makes has a gradient.
 *
 * @example const frozen = noGrad(() => backbone(x));
 */
export const noGrad = <T>(run: () => T): T => withRecorder(null, run);

/** Refuses what would lose a gradient without a word. */
export function refuseTracked(what: string, x: Tensor): void {
  check(
    !active?.tracks(x),
    "argument",
    () =>
      `${what}: no gradient flows back through this; give tensors that are not packed, or wrap it in noGrad`,
  );
}

/**
 * Runs an op's forward pass and notes it on the tape, where there is one. Ops called inside are part of this one and not
 * noted themselves. The op's gradients are in the table of rules under its name, unless it brings a rule of its own.
 */
export function recorded(
  op: string,
  inputs: readonly unknown[],
  attributes: unknown,
  forward: () => Tensor,
  rule?: Rule,
): Tensor {
  const recorder = active;
  if (!recorder) return forward();
  return noted(recorder, op, inputs, attributes, withRecorder(null, forward), rule);
}

/** Notes what an op has made; frees it where that fails. An input that was handed through becomes a tensor of its own. */
export function noted(
  recorder: Recorder,
  op: string,
  inputs: readonly unknown[],
  attributes: unknown,
  made: Tensor,
  rule?: Rule,
): Tensor {
  const output = inputs.includes(made) || recorder.tracks(made) ? made.view(made.shape) : made;
  try {
    recorder.record(op, inputs, output, attributes, rule);
  } catch (error) {
    output.dispose();
    throw error;
  }
  return output;
}
