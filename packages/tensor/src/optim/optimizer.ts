import { zeros } from "../create.js";
import { check } from "../errors.js";
import { adamKernel } from "../kernels/adam.js";
import type { Parameter } from "../nn/parameter.js";
import { add, mul, sub } from "../ops/elementwise.js";
import { launch } from "../ops/launch.js";
import { checkOptions, NUMBER, type Options, PAIR } from "../ops/options.js";
import { keep, scope } from "../scope.js";
import { checkIs } from "../shape.js";
import { Tensor } from "../tensor.js";
import { concatFlat, groupsThatFit, splitFlat } from "./flat.js";

/** Everything an optimizer needs to resume exactly. */
export interface OptimizerState {
  /** Steps taken. */
  step: number;
  /** Running averages, in the order of the parameters; none for plain SGD. */
  slots: { name: string; tensors: Tensor[] }[];
}

export interface OptimizerOptions {
  /** Learning rate, or a function of the step, counted from 0. */
  lr: number | ((step: number) => number);
  weightDecay?: number;
}

const RATE = {
  holds: (value: unknown) => typeof value === "function" || NUMBER.holds(value),
  words: "a number or a function of the step",
};

/** Learning rate, weight decay and number of a step, counted from 1. */
interface At {
  rate: number;
  weightDecay: number;
  step: number;
}

/** Parameters and running averages after a step. */
interface Updated {
  value: Tensor;
  slots: Record<string, Tensor>;
}

/** Updates parameters step by step, and frees the gradients given. */
export abstract class Optimizer {
  readonly parameters: readonly Parameter[];
  readonly #options: OptimizerOptions;
  readonly #slots = new Map<string, Tensor[]>();
  #step = 0;

  /** @param own options besides those of all optimisers. */
  constructor(
    parameters: readonly Parameter[],
    options: OptimizerOptions,
    slots: readonly string[],
    own: Options["takes"] = {},
  ) {
    const { name } = this.constructor;
    checkOptions(name, { at: 1, takes: { lr: RATE, weightDecay: NUMBER, ...own } }, [parameters, options]);
    check(
      options?.lr !== undefined,
      "argument",
      () => `${name}: there is no learning rate; give { lr: 1e-3 }`,
    );
    this.parameters = parameters;
    this.#options = options;
    for (const name of slots) {
      this.#slots.set(
        name,
        parameters.map(({ value }) => keep(zeros(value.device, value.shape))),
      );
    }
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#step;
  }

  /** One step. The gradients are in the order of the parameters. */
  step(gradients: readonly Tensor[]): void {
    check(
      gradients.length === this.parameters.length,
      "argument",
      () => `optimizer: ${gradients.length} gradients for ${this.parameters.length} parameters`,
    );
    gradients.forEach((gradient, i) => {
      checkIs(`optimizer: gradient ${i}`, gradient, this.parameters[i].shape);
    });
    const { lr, weightDecay = 0 } = this.#options;
    const rate = typeof lr === "function" ? lr(this.#step) : lr;
    this.#step++;
    let first = 0;
    for (const group of groupsThatFit(this.parameters.map(({ value }) => value))) {
      scope(() => this.#stepGroup(group, first, gradients, { rate, weightDecay, step: this.#step }));
      first += group.length;
    }
    for (const gradient of gradients) gradient.dispose();
  }

  /** Updates a group of parameters, which begins with number `first`, as one vector. */
  #stepGroup(values: readonly Tensor[], first: number, gradients: readonly Tensor[], at: At): void {
    const end = first + values.length;
    const state = new Map(
      [...this.#slots].map(([name, tensors]) => [name, concatFlat(tensors.slice(first, end))]),
    );
    const { value, slots } = this.update(
      concatFlat(values),
      concatFlat(gradients.slice(first, end)),
      state,
      at,
    );
    const shapes = values.map(({ shape }) => shape);
    for (const [name, flat] of Object.entries(slots)) {
      for (const [i, tensor] of splitFlat(flat, shapes).entries()) this.#put(name, first + i, tensor);
    }
    for (const [i, tensor] of splitFlat(value, shapes).entries()) this.parameters[first + i].set(tensor);
  }

  /** The new values and running averages, elementwise. */
  protected abstract update(
    value: Tensor,
    gradient: Tensor,
    slots: ReadonlyMap<string, Tensor>,
    at: At,
  ): Updated;

  /** The state, still owned by the optimizer. */
  state(): OptimizerState {
    return {
      step: this.#step,
      slots: [...this.#slots].map(([name, tensors]) => ({ name, tensors: [...tensors] })),
    };
  }

  /**
   * Resumes from a saved state; the optimizer then owns its tensors.
   *
   * @throws TensorError `argument` or `shape` where the state belongs to another optimizer or other parameters; nothing is
   * taken over then.
   */
  restore({ step, slots }: OptimizerState): void {
    const names = (of: Iterable<string>) => [...of].sort().join(", ") || "nothing";
    const [given, own] = [names(slots.map(({ name }) => name)), names(this.#slots.keys())];
    check(
      given === own,
      "argument",
      () => `optimizer: the state holds ${given} and this optimizer keeps ${own}`,
    );
    for (const { name, tensors } of slots) {
      check(
        tensors.length === this.parameters.length,
        "argument",
        () =>
          `optimizer: the state holds ${tensors.length} of "${name}" for ${this.parameters.length} parameters`,
      );
      tensors.forEach((tensor, i) => {
        checkIs(`optimizer: ${name} ${i}`, tensor, this.parameters[i].shape);
      });
    }
    this.#step = step;
    for (const { name, tensors } of slots) {
      for (const [i, tensor] of tensors.entries()) this.#put(name, i, tensor);
    }
  }

  dispose(): void {
    for (const tensors of this.#slots.values()) for (const tensor of tensors) tensor.dispose();
    this.#slots.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #put(name: string, i: number, tensor: Tensor): void {
    const tensors = this.#slots.get(name) as Tensor[];
    if (tensors[i] === tensor) return;
    tensors[i].dispose();
    tensors[i] = keep(tensor);
  }
}

/**
 * Stochastic gradient descent, with momentum where asked; weight decay is added to the gradient.
 *
 * @example
 * const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 */
export class SGD extends Optimizer {
  readonly #momentum: number;

  constructor(parameters: readonly Parameter[], options: OptimizerOptions & { momentum?: number }) {
    const momentum = options?.momentum ?? 0;
    super(parameters, options, momentum === 0 ? [] : ["momentum"], { momentum: NUMBER });
    this.#momentum = momentum;
  }

  protected update(
    value: Tensor,
    gradient: Tensor,
    slots: ReadonlyMap<string, Tensor>,
    { rate, weightDecay }: At,
  ): Updated {
    const g = weightDecay === 0 ? gradient : add(gradient, mul(value, weightDecay));
    const before = slots.get("momentum");
    if (!before) return { value: sub(value, mul(g, rate)), slots: {} };
    const momentum = add(mul(before, this.#momentum), g);
    return { value: sub(value, mul(momentum, rate)), slots: { momentum } };
  }
}

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first and second moment. Default 0.9 and 0.999. */
  betas?: readonly [number, number];
  /** Added to the root of the second moment. Default 1e-8. */
  eps?: number;
}

/**
 * Adam (Kingma and Ba 2015); weight decay is added to the gradient.
 *
 * @example
 * const optimizer = new Adam(model.parameters(), { lr: cosine(1e-3, 1000) });
 */
export class Adam extends Optimizer {
  readonly #betas: readonly [number, number];
  readonly #eps: number;
  protected readonly decoupled: boolean = false;

  constructor(parameters: readonly Parameter[], options: AdamOptions) {
    super(parameters, options, ["mean", "square"], { betas: PAIR, eps: NUMBER });
    this.#betas = options.betas ?? [0.9, 0.999];
    this.#eps = options.eps ?? 1e-8;
  }

  protected update(
    value: Tensor,
    gradient: Tensor,
    slots: ReadonlyMap<string, Tensor>,
    { rate, weightDecay, step }: At,
  ): Updated {
    const [b1, b2] = this.#betas;
    const [mean, square] = [slots.get("mean") as Tensor, slots.get("square") as Tensor];
    const empty = () => Tensor.empty(value.device, value.shape);
    const [newValue, newMean, newSquare] = [empty(), empty(), empty()];
    launch({
      kernel: adamKernel(),
      tensors: { value, gradient, mean, square, newValue, newMean, newSquare },
      uniforms: {
        ...{ b1, b2, rest1: 1 - b1, rest2: 1 - b2, eps: this.#eps },
        pull: this.decoupled ? 0 : weightDecay,
        keep: this.decoupled ? 1 - rate * weightDecay : 1,
        root: Math.sqrt(1 - b2 ** step),
        rate: rate / (1 - b1 ** step),
      },
      over: [value.size],
    });
    return { value: newValue, slots: { mean: newMean, square: newSquare } };
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019).
 *
 * @example
 * const optimizer = new AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.01 });
 */
export class AdamW extends Adam {
  protected override readonly decoupled = true;

  constructor(parameters: readonly Parameter[], options: AdamOptions) {
    super(parameters, { weightDecay: 0.01, ...options });
  }
}
