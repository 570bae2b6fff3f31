import type { Device } from "../device/device.js";
import type { DType } from "../dtype.js";
import { check, TensorError } from "../errors.js";
import { cast } from "../ops/cast.js";
import { PackedMatrix, packMatrix } from "../ops/packed.js";
import { reshape } from "../ops/shape.js";
import { keep, scope } from "../scope.js";
import { formatShape, type Shape, sameShape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { type Initializer, zeroed } from "./initial.js";

/** What a parameter does in its layer; initialisers choose values by it. */
export type Role = "weight" | "bias" | "gain" | "embedding" | "mean" | "variance" | "scale" | "count";

export interface ParameterOptions {
  /** Without a role a parameter is left alone by `freeze`. */
  role?: Role;
  /** Axes of a weight: outputs first, as in a linear layer (default), or inputs first, as in a projection. */
  order?: "out-in" | "in-out";
  /** Default float32. */
  dtype?: DType;
  /** False for values that training updates by other means, such as running statistics. Default true. */
  trainable?: boolean;
  /** Makes the initial values. Default zeros. */
  initial?: Initializer;
}

/** How `freeze` stores matrices and tables of embeddings. */
export interface FreezeOptions {
  /** `float16` halves their memory and rounds them. Default float32. */
  dtype?: "float32" | "float16";
}

/**
 * A tensor that training replaces or a checkpoint fills. Until then it is a placeholder: it has a shape and takes no memory.
 * The parameter owns its tensor, which is freed with the module.
 *
 * @example
 * const scale = new Parameter([8], { role: "gain", initial: ones });
 */
export class Parameter {
  readonly shape: Shape;
  readonly role: Role | null;
  readonly order: "out-in" | "in-out";
  readonly #initial: Initializer;
  #dtype: DType;
  #trainable: boolean;
  #frozen = false;
  #held: Tensor | PackedMatrix | null = null;
  /** Run once, when values arrive. */
  #waiting: (() => void)[] = [];

  /** @param start the shape of a placeholder, or the first values. */
  constructor(start: Shape | Tensor, options: ParameterOptions = {}) {
    const { role = null, order = "out-in", trainable = true, initial = zeroed } = options;
    this.shape = start instanceof Tensor ? start.shape : start;
    this.#dtype = start instanceof Tensor ? start.dtype : (options.dtype ?? "float32");
    this.role = role;
    this.order = order;
    this.#trainable = trainable;
    this.#initial = initial;
    if (start instanceof Tensor) this.#held = keep(start);
  }

  get dtype(): DType {
    return this.#dtype;
  }

  /** Number of values. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** False for buffers, and for all parameters of a frozen module. */
  get trainable(): boolean {
    return this.#trainable;
  }

  /** Whether it has values. */
  get filled(): boolean {
    return this.#held !== null;
  }

  /** Inputs of each output of a weight. */
  get fanIn(): number {
    const [first] = this.shape;
    return this.order === "in-out" ? first : this.size / first;
  }

  /** Bytes on the device; 0 for a placeholder. */
  get bytes(): number {
    return this.#held?.bytes ?? 0;
  }

  /** @throws TensorError `argument` for a placeholder, and for a weight that `freeze` has packed. */
  get value(): Tensor {
    const held = this.matrix;
    if (held instanceof Tensor) return held;
    throw new TensorError(
      "argument",
      `parameter ${formatShape(this.shape)} is packed for products; read its values before freeze()`,
    );
  }

  /** The right operand of a product: the values as they are, or packed by `freeze`. */
  get matrix(): Tensor | PackedMatrix {
    if (this.#held) return this.#held;
    throw new TensorError(
      "argument",
      `parameter ${formatShape(this.shape)} has no values yet; call to(device) on its module, or load them`,
    );
  }

  /** Replaces the values and frees the old ones. */
  set(value: Tensor): void {
    if (value === this.#held) return;
    check(
      sameShape(value.shape, this.shape),
      "shape",
      () => `parameter: ${formatShape(value.shape)} cannot take the place of ${formatShape(this.shape)}`,
    );
    check(
      !(this.#held instanceof PackedMatrix),
      "argument",
      () => `parameter ${formatShape(this.shape)} is packed and takes no new values; make another module`,
    );
    this.replace(value);
  }

  /** Replaces the values by others of any form, such as a packed matrix. */
  replace(held: Tensor | PackedMatrix): void {
    const old = this.#held;
    this.#held = keep(held);
    old?.dispose();
    for (const run of this.#waiting.splice(0)) run();
  }

  /** Runs `then` once there are values: at once, or when they arrive. */
  onceFilled(then: () => void): void {
    if (this.#held) then();
    else this.#waiting.push(then);
  }

  /** Gives a placeholder its initial values. */
  to(device: Device): void {
    if (!this.#held) this.set(scope(() => this.#initial(device, this.shape, this.#dtype)));
  }

  /** Gives a placeholder a tensor whose values are undefined: for use inside `device.prepare`, where it takes no memory. */
  allocate(device: Device): void {
    if (!this.#held) this.set(Tensor.empty(device, this.shape, this.#dtype));
  }

  /** Keeps the values in another type from now on. */
  convert(dtype: DType): void {
    if (this.#dtype === dtype) return;
    this.#dtype = dtype;
    if (this.#held) this.set(scope(() => cast(this.value, dtype)));
  }

  /** Ends training. A weight is packed as soon as it has values, unless `packs` is false. */
  freeze({ dtype, packs = true }: FreezeOptions & { packs?: boolean } = {}): void {
    if (this.#frozen) return;
    this.#frozen = true;
    this.#trainable = false;
    if (this.role !== "weight" || !packs) return;
    this.onceFilled(() => this.replace(scope(() => this.#packed(dtype))));
  }

  #packed(dtype: FreezeOptions["dtype"]): PackedMatrix {
    const [first] = this.shape;
    return packMatrix(reshape(this.value, [first, -1]), { transposed: this.order === "out-in", dtype });
  }

  dispose(): void {
    this.#held?.dispose();
  }
}

/** Runs `then` once all of the parameters have values. */
export function onceAllFilled(parameters: readonly Parameter[], then: () => void): void {
  let left = parameters.length;
  for (const parameter of parameters) {
    parameter.onceFilled(() => {
      if (--left === 0) then();
    });
  }
}
