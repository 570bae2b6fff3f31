import { decode } from "./codec.js";
import type { Device } from "./device/device.js";
import type { PooledBuffer } from "./device/pool.js";
import { type DataOf, type DType, storageBytes, type TypeOf } from "./dtype.js";
import { check, kindOf, TensorError } from "./errors.js";
import { unwatch, watch } from "./leaks.js";
import { describe, knownValues, nest, remember } from "./print.js";
import { trackInScope } from "./scope.js";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.js";

/** A GPU buffer shared by the tensors that view it; freed when the last of them goes. */
class Storage {
  readonly buffer: PooledBuffer;
  references = 1;

  constructor(buffer: PooledBuffer) {
    this.buffer = buffer;
  }
}

/** Nested arrays of numbers, as `toArray` returns them. */
export type NestedArray = number | NestedArray[];

/**
 * An immutable array on a device: row-major, contiguous, of rank 0 to 6. Ops are free functions that take and
 * return tensors. Freed by `scope`, `using` or `dispose`.
 *
 * `Tensor<"int32">` states the element type, and `data()` then gives its array. A plain `Tensor` may hold any type and
 * reads as float32.
 */
// biome-ignore lint/suspicious/noExplicitAny: a plain Tensor accepts and gives tensors of every element type
export class Tensor<D extends DType = any> {
  readonly device: Device;
  readonly dtype: TypeOf<D>;
  readonly shape: Shape;
  readonly size: number;
  #storage: Storage | null;

  private constructor(device: Device, dtype: TypeOf<D>, shape: Shape, storage: Storage) {
    this.device = device;
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.size = sizeOf(shape);
    this.#storage = storage;
    device.tensorCount++;
    watch(this, this.bytes);
    trackInScope(this);
  }

  /** A tensor on a fresh buffer with undefined contents; for ops, which then fill it. */
  static empty<D extends DType = "float32">(device: Device, shape: Shape, dtype?: D): Tensor<D> {
    checkShape("tensor", shape);
    const type = (dtype ?? "float32") as TypeOf<D>;
    const bytes = Math.max(4, storageBytes(type, sizeOf(shape)));
    return new Tensor(device, type, shape, new Storage(device.allocate(bytes)));
  }

  /** The name of the class, which bundlers change. */
  get [Symbol.toStringTag](): string {
    return "Tensor";
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Bytes of the values on the GPU. */
  get bytes(): number {
    return storageBytes(this.dtype, this.size);
  }

  get disposed(): boolean {
    return this.#storage === null;
  }

  /** The GPU buffer, for ops. */
  get buffer(): PooledBuffer {
    check(
      this.#storage !== null,
      "disposed",
      () =>
        `tensor ${formatShape(this.shape)} was disposed; keep it out of the scope that frees it by returning it`,
    );
    return this.#storage.buffer;
  }

  /** The same values under another shape of equal size, without a copy; used by `reshape`. */
  view(shape: Shape): Tensor<D> {
    checkShape("reshape", shape);
    check(
      sizeOf(shape) === this.size,
      "shape",
      () =>
        `reshape: ${formatShape(this.shape)} has ${this.size} values and ${formatShape(shape)} ${sizeOf(shape)}; use -1 ` +
        "for one axis to have it worked out",
    );
    void this.buffer;
    const storage = this.#storage as Storage;
    storage.references++;
    const viewed = new Tensor<D>(this.device, this.dtype, shape, storage);
    const values = knownValues(this);
    if (values) remember(viewed, values);
    return viewed;
  }

  /** The values, row-major: float16 widened to float32, bool as 0 or 1 in bytes. */
  async data(): Promise<DataOf<D>> {
    const raw = await this.device.read(this.buffer, Math.max(4, this.bytes));
    const values = decode(raw, this.dtype, this.size);
    remember(this, values);
    return values as DataOf<D>;
  }

  /** The values as nested arrays: a number for rank 0. */
  async toArray(): Promise<NestedArray> {
    return nest(await this.data(), this.shape);
  }

  /** The value of a tensor with one element. */
  async item(): Promise<number> {
    check(
      this.size === 1,
      "shape",
      () => `item: tensor ${formatShape(this.shape)} has ${this.size} values, not one; use data()`,
    );
    return (await this.data())[0];
  }

  /** Frees the values; safe to call twice. */
  dispose(): void {
    const storage = this.#storage;
    if (!storage) return;
    this.#storage = null;
    this.device.tensorCount--;
    unwatch(this);
    if (--storage.references === 0) this.device.release(storage.buffer);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Type, shape, device and, where the host knows them (made from or read as at most 64 values), values. */
  toString(): string {
    return describe(this);
  }

  /** What `JSON.stringify` shows: as `toString`, but as data. */
  toJSON(): { dtype: DType; shape: Shape; device: string; values?: NestedArray } {
    const { dtype, shape, device } = this;
    const values = knownValues(this);
    return { dtype, shape, device: device.caps.name, ...(values ? { values: nest(values, shape) } : {}) };
  }

  /** What Node's `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return describe(this);
  }
}

/** Throws `argument` for what is no tensor; arguments from plain JavaScript may be anything. */
export function checkTensor(where: string, x: unknown): asserts x is Tensor {
  check(x instanceof Tensor, "argument", () => `${where}: give a tensor, not ${kindOf(x)}`);
}

/** Throws unless all tensors are on one device; returns it. */
export function commonDevice(where: string, tensors: readonly Tensor[]): Device {
  const [first, ...rest] = tensors;
  for (const t of rest) {
    if (t.device !== first.device) {
      throw new TensorError(
        "argument",
        `${where}: tensors are on different devices; make them with one device`,
      );
    }
  }
  return first.device;
}
