import { full } from "../create.js";
import { check, TensorError } from "../errors.js";
import { type Input, inputsOf } from "../ops/define.js";
import { add } from "../ops/elementwise.js";
import { keep, scope } from "../scope.js";
import { formatShape, sameShape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { activeRecorder, noGrad, type Recorder, withRecorder } from "./record.js";
import type { AnyDifferentiable, Vjp } from "./rule.js";

/** A recorded call: what its rules read is held in views of the tape's own. */
interface Step {
  op: AnyDifferentiable;
  inputs: readonly TrackedInput[];
  output: Tensor;
  /** The call with the saved tensors, the saved output and the shapes of all inputs. */
  context: Record<string, unknown>;
  held: Tensor[];
}

interface TrackedInput extends Input {
  tracked: boolean;
}

/**
 * Records the ops between watched tensors and a result, and walks them backwards. What a rule reads is held in views that belong to the
 * tape, so that scopes may free the originals; they are freed as soon as the rule has run.
 */
export class Tape implements Recorder {
  readonly #tracked = new Set<Tensor>();
  /** The tape around this one, which does not see the gradients of this one. */
  readonly #outer = activeRecorder();
  #steps: Step[] = [];
  #ended = false;

  /** Names tensors whose gradients will be asked for. */
  watch(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) this.#tracked.add(tensor);
  }

  tracks(x: Tensor): boolean {
    return this.#tracked.has(x);
  }

  record(op: AnyDifferentiable, call: object, output: Tensor): void {
    if (this.#ended) return;
    const inputs = inputsOf(call).map((x) => ({ ...x, tracked: this.#tracked.has(x.tensor) }));
    const tracked = inputs.filter((x) => x.tracked);
    if (tracked.length === 0) return;
    if (op.vjp === undefined) {
      throw new TensorError(
        "argument",
        `${op.name} has no gradient yet; use detach on its input to stop there`,
      );
    }
    const saved = savedBy(op, tracked);
    if (saved === null) return;
    const outer = this.#outer;
    check(
      !outer || !inputs.some(({ tensor }) => outer.tracks(tensor)),
      "argument",
      () => `${op.name}: gradients of gradients are not there yet; wrap the inner function in noGrad`,
    );
    const held: Tensor[] = [];
    const hold = (x: Tensor): Tensor => {
      const view = keep(x.view(x.shape));
      held.push(view);
      return view;
    };
    const context: Record<string, unknown> = { shapes: {} };
    for (const [key, value] of Object.entries(call)) {
      const each = (make: (x: Tensor) => unknown) =>
        value instanceof Tensor
          ? make(value)
          : Array.isArray(value)
            ? value.map((x) => (x instanceof Tensor ? make(x) : x))
            : value;
      (context.shapes as Record<string, unknown>)[key] = each((x) => x.shape);
      context[key] = each((x) => (saved.has(key) ? hold(x) : undefined));
    }
    if (saved.has("out")) context.out = hold(output);
    this.#tracked.add(output);
    this.#steps.push({ op, inputs, output, context, held });
  }

  /**
   * Gradients of a result by watched tensors, zeros where it does not depend on them. Ends the tape.
   *
   * @param seed the result's own gradient, of its shape; by default 1 for a result with one value.
   */
  backward(result: Tensor, wrt: readonly Tensor[], seed?: Tensor): Tensor[] {
    check(
      !this.#ended,
      "argument",
      () => "backward: this tape has been walked already; record again on a fresh one",
    );
    check(
      !seed || sameShape(seed.shape, result.shape),
      "shape",
      () =>
        `backward: the seed is ${formatShape(seed?.shape ?? [])} and the result ${formatShape(result.shape)}; they must be equal`,
    );
    this.#ended = true;
    return scope(() => {
      const gradients = new Map<Tensor, Tensor>([[result, seed ?? seedOf(result)]]);
      const wanted = new Set(wrt);
      for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
        try {
          this.#stepBack(step, gradients, wanted, seed);
        } finally {
          release(step);
        }
      }
      return wrt.map((x) => {
        const g = gradients.get(x);
        return g ? g.view(g.shape) : full(x.device, x.shape, 0);
      });
    });
  }

  /** Frees all saved tensors. */
  dispose(): void {
    for (const step of this.#steps) release(step);
    this.#steps = [];
    this.#tracked.clear();
  }

  /** Passes the gradient of a step's output on to its inputs, and frees it. */
  #stepBack(step: Step, gradients: Map<Tensor, Tensor>, wanted: Set<Tensor>, seed?: Tensor): void {
    const { output } = step;
    const g = gradients.get(output);
    if (!g) return;
    noGrad(() => this.#runRules(step, g, gradients));
    if (wanted.has(output) || g === seed) return;
    gradients.delete(output);
    g.dispose();
  }

  #runRules(step: Step, g: Tensor, gradients: Map<Tensor, Tensor>): void {
    const totals = scope(() => {
      const sums = new Map<Tensor, Tensor>();
      for (const [x, own] of gradientsOf(step, g)) {
        const before = sums.get(x) ?? gradients.get(x);
        // A rule may return g, one tensor twice, or one that it does not own: a view gives each its own lifetime.
        sums.set(x, before ? add(before, own) : own.view(own.shape));
      }
      return sums;
    });
    for (const [x, total] of totals) {
      gradients.get(x)?.dispose();
      gradients.set(x, total);
    }
  }
}

/** Runs a function on a fresh tape, and disposes the tape afterwards. */
export function withTape<T>(run: (tape: Tape) => T): T {
  const tape = new Tape();
  try {
    return withRecorder(tape, () => run(tape));
  } finally {
    tape.dispose();
  }
}

/** Names of what the rules of the tracked inputs read; null where nothing flows back. */
function savedBy({ vjp, saves = [] }: AnyDifferentiable, tracked: readonly Input[]): Set<string> | null {
  if (!vjp) return null;
  const keys = tracked.map(({ key }) => key).filter((key) => typeof vjp === "function" || vjp[key]);
  if (keys.length === 0) return null;
  const lists = Array.isArray(saves)
    ? [saves]
    : keys.map((key) => (saves as Record<string, string[]>)[key] ?? []);
  return new Set(lists.flat());
}

/** The gradients that a step passes back, each with the tensor that it belongs to. */
function gradientsOf({ op, inputs, context }: Step, g: Tensor): [Tensor, Tensor][] {
  const { vjp } = op;
  const tracked = inputs.filter((x) => x.tracked);
  const wanted = Object.fromEntries(tracked.map(({ key }) => [key, true]));
  const joint = typeof vjp === "function" ? vjp({ ...context, g }, wanted) : null;
  return tracked.flatMap(({ key, index, tensor }): [Tensor, Tensor][] => {
    const one = joint
      ? joint[key]
      : (vjp as Record<string, Vjp<unknown>>)[key]?.({ ...context, g, index } as never);
    const own = Array.isArray(one) ? one[index] : one;
    return own ? [[tensor, own]] : [];
  });
}

function release(step: Step): void {
  for (const tensor of step.held) tensor.dispose();
}

function seedOf(result: Tensor): Tensor {
  check(
    result.size === 1,
    "shape",
    () => `backward: the result is ${formatShape(result.shape)}, not one value; reduce it with sum or mean`,
  );
  return full(result.device, result.shape, 1);
}
