import { valueAndGrad } from "../autograd/grad.js";
import { defaultDevice } from "../device/default.js";
import type { Device } from "../device/device.js";
import { TensorError } from "../errors.js";
import { scope } from "../scope.js";
import { checkIs } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { type FreezeOptions, Parameter } from "./parameter.js";

/** A module with one input and one output. */
export interface Layer {
  forward(x: Tensor): Tensor;
}

/**
 * A part of a network. Its fields are parameters, buffers and other modules; the fields' names joined by dots name them, here
 * and in checkpoints. Subclasses add `forward`.
 *
 * A new module is a placeholder that takes no memory. `to(device)` gives it initial values, `fill` or `loadStateDict` those of a
 * checkpoint; `freeze()` prepares it for use without training, before or after that.
 *
 * @example
 * class Head extends Module {
 *   readonly fc = new Linear(128, 1);
 *   forward(x: Tensor) { return sigmoid(this.fc.forward(x)); }
 * }
 * const head = new Head().to(device);
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

  /**
   * Gives every parameter without values its initial ones.
   *
   * @param device may be left out where `setDefaultDevice` has chosen one.
   */
  to(device: Device = defaultDevice()): this {
    for (const parameter of this.namedParameters().values()) parameter.to(device);
    return this;
  }

  /**
   * Gives every parameter without values a tensor of undefined values. Inside `device.prepare` these take no memory, so that a
   * model's kernels can be compiled while its weights are read.
   *
   * @example
   * await device.prepare(() => {
   *   using head = new Head().freeze().allocate(device);
   *   scope(() => void head.forward(Tensor.empty(device, [8, 128])));
   * });
   */
  allocate(device: Device): this {
    for (const parameter of this.namedParameters().values()) parameter.allocate(device);
    return this;
  }

  /**
   * Prepares the module for use without training, once: matrices are packed for products and layer norms folded into the
   * products after them, at once or, for a parameter without values, as soon as it has them.
   */
  freeze(options: FreezeOptions = {}): this {
    for (const [, field] of this.#fields()) {
      if (field instanceof Parameter || field instanceof Module) field.freeze(options);
    }
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

  /** Trainable parameters, in the order of their names; one that has two names comes once. */
  parameters(): Parameter[] {
    return [...new Set(this.namedParameters().values())].filter((parameter) => parameter.trainable);
  }

  /** The values of all parameters and buffers by name, still owned by the module. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.namedParameters()].map(([name, parameter]) => [name, parameter.value]));
  }

  /** How many values all parameters and buffers have. */
  get size(): number {
    return [...new Set(this.namedParameters().values())].reduce((sum, { size }) => sum + size, 0);
  }

  /** Bytes of all values on the device. */
  get bytes(): number {
    return [...new Set(this.namedParameters().values())].reduce((sum, { bytes }) => sum + bytes, 0);
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
    for (const { name, parameter, value } of pairs) checkIs(`loadStateDict: ${name}`, value, parameter.shape);
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
