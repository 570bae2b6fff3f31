import { valueAndGrad } from "../autograd/grad.js";
import { check, TensorError } from "../errors.js";
import { keep, scope } from "../scope.js";
import { formatShape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** A place that holds a tensor which training replaces. Owned: it is freed with its module. */
export class Parameter {
  /** False for what training updates by other means, such as running statistics. */
  readonly trainable: boolean;
  #value: Tensor;

  constructor(value: Tensor, { trainable = true }: { trainable?: boolean } = {}) {
    this.#value = keep(value);
    this.trainable = trainable;
  }

  get value(): Tensor {
    return this.#value;
  }

  /** Puts a new tensor in and frees the old one. */
  set(value: Tensor): void {
    if (value === this.#value) return;
    const old = this.#value;
    check(
      sameShape(value.shape, old.shape),
      "shape",
      () => `parameter: ${formatShape(value.shape)} cannot take the place of ${formatShape(old.shape)}`,
    );
    this.#value = keep(value);
    old.dispose();
  }

  dispose(): void {
    this.#value.dispose();
  }
}

/**
 * A part of a network: parameters, buffers and other modules are its fields, and their names are the fields' names joined by
 * dots. Subclasses add `forward`.
 *
 * @example
 * class Head extends Module {
 *   readonly fc = new Linear(device, 128, 1);
 *   forward(x: Tensor) { return sigmoid(this.fc.forward(x)); }
 * }
 */
export abstract class Module {
  /** Whether layers that behave otherwise in training (BatchNorm, Dropout) do so. */
  training = false;

  /** Sets `training` here and in all modules inside. */
  train(on = true): this {
    this.training = on;
    for (const [, field] of this.#fields()) if (field instanceof Module) field.train(on);
    return this;
  }

  /** Every parameter and buffer by name. */
  namedParameters(prefix = ""): Map<string, Parameter> {
    const found = new Map<string, Parameter>();
    for (const [name, field] of this.#fields()) {
      if (field instanceof Parameter) found.set(prefix + name, field);
      else if (field instanceof Module) {
        for (const [key, parameter] of field.namedParameters(`${prefix}${name}.`)) found.set(key, parameter);
      }
    }
    return found;
  }

  /** What gradients are wanted for, in the order of their names; one that stands under two names comes once. */
  parameters(): Parameter[] {
    return [...new Set(this.namedParameters().values())].filter((parameter) => parameter.trainable);
  }

  /** The values of all parameters and buffers by name, still owned by the module. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.namedParameters()].map(([name, parameter]) => [name, parameter.value]));
  }

  /**
   * Takes values over, by name; the module then owns them. All are checked before the first is taken.
   *
   * @throws TensorError `argument` naming what is missing or unexpected unless `strict` is false, `shape` where one does not fit.
   */
  loadStateDict(values: ReadonlyMap<string, Tensor>, { strict = true }: { strict?: boolean } = {}): void {
    const own = this.namedParameters();
    const missing = [...own.keys()].filter((name) => !values.has(name));
    const unexpected = [...values.keys()].filter((name) => !own.has(name));
    if (strict && missing.length + unexpected.length > 0) {
      const list = (names: string[]) => names.slice(0, 8).join(", ") || "none";
      throw new TensorError(
        "argument",
        `loadStateDict: missing: ${list(missing)}; unexpected: ${list(unexpected)}; pass { strict: false } to load what fits`,
      );
    }
    const pairs = [...own].flatMap(([name, parameter]) => {
      const value = values.get(name);
      return value ? [{ name, parameter, value }] : [];
    });
    for (const { name, parameter, value } of pairs) {
      check(
        sameShape(value.shape, parameter.value.shape),
        "shape",
        () =>
          `loadStateDict: ${name} is ${formatShape(value.shape)} and must be ${formatShape(parameter.value.shape)}`,
      );
    }
    for (const { parameter, value } of pairs) parameter.set(value);
  }

  dispose(): void {
    for (const parameter of this.namedParameters().values()) parameter.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The fields by name, those of arrays one by one. */
  #fields(): [string, unknown][] {
    return Object.entries(this).flatMap(([name, field]): [string, unknown][] =>
      Array.isArray(field) ? field.map((item, i) => [`${name}.${i}`, item]) : [[name, field]],
    );
  }
}

/**
 * A loss and its gradients by parameters, in their order.
 *
 * @param loss makes a tensor with one value, or `[value, rest]`; what it returns beside the value is kept.
 * @example
 * const { value, gradients } = gradientsOf(model.parameters(), () => loss(model.forward(x), y));
 * optimizer.step(gradients);
 */
export function gradientsOf<R = undefined>(
  parameters: readonly Parameter[],
  loss: () => Tensor | readonly [Tensor, R],
): { value: Tensor; gradients: Tensor[]; rest: R } {
  return scope(() =>
    valueAndGrad<readonly Tensor[], R>(() => loss())(parameters.map((parameter) => parameter.value)),
  );
}
