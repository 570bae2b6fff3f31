import { full } from "../create.js";
import { check, TensorError } from "../errors.js";
import { add } from "../ops/elementwise.js";
import { keep, scope } from "../scope.js";
import { formatShape, type Shape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { noGrad, type Recorder, withRecorder } from "./record.js";
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
  #steps: Step[] = [];

  /** Gradients will be wanted for these. */
  watch(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) this.#tracked.add(tensor);
  }

  record(
    op: string,
    inputs: readonly unknown[],
    output: Tensor,
    attributes: unknown,
    rule: Rule | undefined = RULES[op],
  ): void {
    const tracked = inputs.map((x) => x instanceof Tensor && this.#tracked.has(x));
    if (!tracked.includes(true)) return;
    if (rule === undefined) {
      throw new TensorError("argument", `${op} has no gradient yet; use detach on its input to stop there`);
    }
    const needs = needsOf(rule, tracked);
    if (needs === null) return;
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

  /** Gradients of a result by watched tensors, zeros where it does not depend on them. Ends the tape. */
  backward(result: Tensor, wrt: readonly Tensor[], seed?: Tensor): Tensor[] {
    const start = seed ?? seedOf(result);
    return scope(() => {
      const gradients = new Map<Tensor, Tensor>([[result, start]]);
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
    const made = scope(() => gradientsOf(step, g));
    step.inputs.forEach((x, i) => {
      const own = made[i];
      if (!step.tracked[i] || !own) return;
      const before = gradients.get(x as Tensor);
      // A rule may hand g itself on; a view keeps the two lives apart.
      gradients.set(x as Tensor, before ? add(before, own) : own.view(own.shape));
      before?.dispose();
      if (own !== g) own.dispose();
    });
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
