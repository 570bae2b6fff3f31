import type { Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/*
 * The types of gradient rules. A call is what an op's `check` returns: a record of tensors (or lists of them) and settings. Its
 * tensors are the op's inputs, by name.
 */

/** Names of a call's entries that are, or may be, tensors. */
export type InputKey<C> = {
  [K in keyof C]: Tensor extends C[K] ? K : Exclude<C[K], undefined> extends readonly Tensor[] ? K : never;
}[keyof C] &
  string;

/** What a rule reads: the call with only the saved inputs in it, and the gradient of the output. */
export type VjpContext<C> = C & {
  /** The gradient of the output, of the output's shape. */
  g: Tensor;
  /** The output, where it is saved. */
  out: Tensor;
  /** The shape of every input; for a list of inputs, their shapes. */
  shapes: {
    readonly [K in InputKey<C>]: Exclude<C[K], undefined> extends readonly Tensor[]
      ? readonly Shape[]
      : Shape;
  };
  /** The place of the input in its list. */
  index: number;
};

/** The gradient of one input: a vector-Jacobian product. */
export type Vjp<C> = (context: VjpContext<C>) => Tensor;

/** Gradients of all inputs at once, for rules that share work; `wanted` tells which inputs are asked for. */
export type JointVjp<C> = (
  context: VjpContext<C>,
  wanted: { readonly [K in InputKey<C>]: boolean },
) => { readonly [K in InputKey<C>]?: Tensor | null | readonly (Tensor | null)[] };

/** Entries of a call, or the output, that a rule reads. Only these stay in memory until the backward pass. */
export type Saves<C> = readonly (InputKey<C> | "out")[];

/** How gradients flow back through an op. */
export interface Differentiable<C> {
  readonly name: string;
  /** What the rules read: one list for all, or one for the rule of each input. Nothing where it is left out. */
  readonly saves?: Saves<C> | { readonly [K in InputKey<C>]?: Saves<C> };
  /**
   * A rule for each input that a gradient flows to, or one for all of them. Null: nothing flows back. Left out: an error where
   * something would.
   */
  readonly vjp?: { readonly [K in InputKey<C>]?: Vjp<C> } | JointVjp<C> | null;
}

// biome-ignore lint/suspicious/noExplicitAny: the tape handles calls of every op; each definition types its own
export type AnyDifferentiable = Differentiable<any>;
