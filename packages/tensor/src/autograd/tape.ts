import { full } from "../create.js";
import { check, TensorError } from "../errors.js";
import { add } from "../ops/elementwise.js";
import { keep, scope } from "../scope.js";
import { formatShape, type Shape, sameShape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { activeRecorder, noGrad, type Recorder, withRecorder } from "./record.js";
import type { InputRule, Need, Rule, RuleContext } from "./rule.js";
import { RULES } from "./rules/index.js";

interface Step {
  rule: Rule;
  inputs: readonly unknown[];
  output: Tensor;
  tracked: boolean[];
  context: Omit<RuleContext, "g">;
  held: Tensor[];
}

/**
 * Notes the ops that lie between watched tensors and a result, and walks them backwards. What a rule reads is held in views
 * of the tape's own, so scopes may free the originals, and let go as soon as the rule has run.
 */
export class Tape implements Recorder {
  readonly #tracked = new Set<Tensor>();
  /** The tape around this one, which would not see what this one passes back. */
  readonly #outer = activeRecorder();
  #steps: Step[] = [];
  #ended = false;

  /** Gradients will be wanted for these. */
  watch(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) this.#tracked.add(tensor);
  }

  tracks(x: Tensor): boolean {
    return this.#tracked.has(x);
  }

  record(
    op: string,
    inputs: readonly unknown[],
    output: Tensor,
    attributes: unknown,
    rule: Rule | undefined = RULES[op],
  ): void {
    if (this.#ended) return;
    const tracked = inputs.map((x) => x instanceof Tensor && this.#tracked.has(x));
    if (!tracked.includes(true)) return;
    if (rule === undefined) {
      throw new TensorError("argument", `${op} has no gradient yet; use detach on its input to stop there`);
    }
    const needs = needsOf(rule, tracked);
    if (needs === null) return;
    const outer = this.#outer;
    check(
      !outer || !inputs.some((x) => x instanceof Tensor && outer.tracks(x)),
      "argument",
      () => `${op}: gradients of gradients are not there yet; wrap the inner function in noGrad`,
    );
    const held: Tensor[] = [];
    const hold = (x: Tensor): Tensor => {
      const view = keep(x.view(x.shape));
      held.push(view);
      return view;
    };
    const saved = inputs.map((x, i) => (x instanceof Tensor ? (needs.has(i) ? hold(x) : undefined) : x));
    const context = {
      inputs: saved as Tensor[],
      out: (needs.has("out") ? hold(output) : undefined) as Tensor,
      shapes: inputs.map((x) => (x instanceof Tensor ? x.shape : []) as Shape),
      attributes,
    };
    this.#tracked.add(output);
    this.#steps.push({ rule, inputs, output, tracked, context, held });
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

  /** Lets go of all that is held. */
  dispose(): void {
    for (const step of this.#steps) release(step);
    this.#steps = [];
    this.#tracked.clear();
  }

  /** Passes the gradient of a step's output on to its inputs, and lets go of it. */
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
      const made = gradientsOf(step, g);
      const sums = new Map<Tensor, Tensor>();
      step.inputs.forEach((given, i) => {
        const own = made[i];
        if (!step.tracked[i] || !own) return;
        const x = given as Tensor;
        const before = sums.get(x) ?? gradients.get(x);
        // A rule may hand on g, one tensor twice, or one that is not its own; a view keeps the lives apart.
        sums.set(x, before ? add(before, own) : own.view(own.shape));
      });
      return sums;
    });
    for (const [x, total] of totals) {
      gradients.get(x)?.dispose();
      gradients.set(x, total);
    }
  }
}

/** Runs a function on a fresh tape, and ends the tape with it. */
export function withTape<T>(run: (tape: Tape) => T): T {
  const tape = new Tape();
  try {
    return withRecorder(tape, () => run(tape));
  } finally {
    tape.dispose();
  }
}

const ruleAt = (rule: Rule, index: number): InputRule | null => {
  if (!rule || "joint" in rule) return null;
  return typeof rule === "function" ? rule(index) : (rule[index] ?? null);
};

/** What the rules of the tracked inputs read; null where nothing flows back. */
function needsOf(rule: Rule, tracked: readonly boolean[]): Set<Need> | null {
  if (!rule) return null;
  if ("joint" in rule) return new Set(rule.needs);
  const rules = tracked.map((on, i) => (on ? ruleAt(rule, i) : null)).filter((r) => r !== null);
  return rules.length === 0 ? null : new Set(rules.flatMap((r) => [...r.needs]));
}

function gradientsOf({ rule, inputs, tracked, context }: Step, g: Tensor): (Tensor | null)[] {
  const given = { ...context, g };
  if (rule && "joint" in rule) return rule.joint(given, tracked);
  return inputs.map((_, i) => (tracked[i] ? (ruleAt(rule, i)?.vjp(given) ?? null) : null));
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
