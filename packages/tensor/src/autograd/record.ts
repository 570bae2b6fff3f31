import { check } from "../errors.js";
import type { Tensor } from "../tensor.js";
import type { AnyDifferentiable } from "./rule.js";

/** How ops report to the active tape. */
export interface Recorder {
  /** Notes a call: a record of tensors, lists of tensors and settings, and what came out. */
  record(op: AnyDifferentiable, call: object, output: Tensor): void;
  /** Whether a gradient flows back to or through a tensor. */
  tracks(x: Tensor): boolean;
}

let active: Recorder | null = null;

/** The recorder that ops report to now. */
export const activeRecorder = (): Recorder | null => active;

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

/** Throws where a gradient would be lost silently. */
export function refuseTracked(what: string, x: Tensor): void {
  check(
    !active?.tracks(x),
    "argument",
    () =>
      `${what}: no gradient flows back through this; give tensors that are not packed, or wrap it in noGrad`,
  );
}

/**
 * Records an op's result, and frees it if that fails. A result that is one of the inputs, or is on the tape already, becomes a
 * tensor of its own.
 */
export function noted(recorder: Recorder, op: AnyDifferentiable, call: object, made: Tensor): Tensor {
  const isInput = Object.values(call).some(
    (value) => value === made || (Array.isArray(value) && value.includes(made)),
  );
  const output = isInput || recorder.tracks(made) ? made.view(made.shape) : made;
  try {
    recorder.record(op, call, output);
  } catch (error) {
    output.dispose();
    throw error;
  }
  return output;
}
