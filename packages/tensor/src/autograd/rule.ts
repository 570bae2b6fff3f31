import { sum } from "../ops/reduce.js";
import { reshape } from "../ops/shape.js";
import { type Shape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** What a rule may read: the output's gradient, what it asked to be saved, shapes of all inputs, and the op's attributes. */
export interface RuleContext<A = unknown> {
  g: Tensor;
  /** Saved inputs; numbers are as they were given. Only those a rule `needs` are there. */
  inputs: Tensor[];
  /** The output, where a rule needs it. */
  out: Tensor;
  shapes: readonly Shape[];
  attributes: A;
}

/** What must be saved for a rule: inputs by index, and the output. */
export type Need = number | "out";

/** The gradient of one input: a vector-Jacobian product, and what it reads. */
export interface InputRule {
  needs: readonly Need[];
  // biome-ignore lint/suspicious/noExplicitAny: attributes are typed by each op's own rule
  vjp: (context: RuleContext<any>) => Tensor;
}

/** Gradients of all inputs at once, where they share their work; `wanted` tells which are asked for. */
export interface JointRule {
  needs: readonly Need[];
  // biome-ignore lint/suspicious/noExplicitAny: attributes are typed by each op's own rule
  joint: (context: RuleContext<any>, wanted: readonly boolean[]) => (Tensor | null)[];
}

/** An op's gradients: a rule for each input, one rule by index, all at once, or none (nothing flows back). */
export type Rule = readonly (InputRule | null)[] | ((index: number) => InputRule | null) | JointRule | null;

export const input = <A = unknown>(
  needs: readonly Need[],
  vjp: (context: RuleContext<A>) => Tensor,
): InputRule => ({
  needs,
  vjp,
});

/** Sums a gradient over the axes along which its input was repeated. */
export function unbroadcast(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.rank - shape.length;
  const axes = g.shape.flatMap((_, i) =>
    i < lead || (shape[i - lead] === 1 && g.shape[i] !== 1) ? [i] : [],
  );
  return reshape(sum(g, axes, { keepDims: true }), shape);
}
