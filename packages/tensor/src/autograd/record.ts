import type { Tensor } from "../tensor.js";
import type { Rule } from "./rule.js";

/** What ops tell of themselves while a tape is running. Rules for gradients live apart, so that ops need not know them. */
export interface Recorder {
  record(op: string, inputs: readonly unknown[], output: Tensor, attributes: unknown, rule?: Rule): void;
}

let active: Recorder | null = null;

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
  const output = withRecorder(null, forward);
  recorder.record(op, inputs, output, attributes, rule);
  return output;
}
