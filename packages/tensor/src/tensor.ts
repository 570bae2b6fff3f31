import type { Device } from "./device/device.js";
import type { PooledBuffer } from "./device/pool.js";
import { type DataOf, type DType, storageBytes, type TensorData, type TypeOf } from "./dtype.js";
import { check, TensorError } from "./errors.js";
import { f16ToF32 } from "./files/half.js";
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

const leaks = { count: 0, bytes: 0, places: new Map<string, number>() };
const finalizers = new FinalizationRegistry<{ bytes: number; place: string }>((lost) => {
  leaks.count++;
  leaks.bytes += lost.bytes;
  leaks.places.set(lost.place, (leaks.places.get(lost.place) ?? 0) + 1);
});

/** Where tensors were created that were collected without `dispose`, with how many; needs `traceLeaks(true)`. */
export interface LeakReport {
  count: number;
  bytes: number;
  places: { place: string; count: number }[];
}

let tracing = false;

const callers = (): string =>
  new Error().stack?.split("\n").slice(4, 9).join(" < ").replace(/\s+/g, " ") ?? "unknown";

/** Remembers where each new tensor is created, so that `leakReport` can name the line. Costs a stack trace each. */
export function traceLeaks(on: boolean): void {
  tracing = on;
}

/**
 * Tensors that were garbage-collected without having been disposed: their GPU memory is lost until the device is closed.
 *
 * @example
 * traceLeaks(true);
 * // ... work ...
 * console.error(leakReport().places);
 */
export function leakReport(): LeakReport {
  const places = [...leaks.places].map(([place, count]) => ({ place, count }));
  return { count: leaks.count, bytes: leaks.bytes, places: places.sort((a, b) => b.count - a.count) };
}

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
    finalizers.register(this, { bytes: this.bytes, place: tracing ? callers() : "not traced" }, this);
    trackInScope(this);
  }

  /** A tensor on a fresh buffer with undefined contents; for ops, which then fill it. */
  static empty<D extends DType = "float32">(device: Device, shape: Shape, dtype?: D): Tensor<D> {
    checkShape("tensor", shape);
    const type = (dtype ?? "float32") as TypeOf<D>;
    const bytes = Math.max(4, storageBytes(type, sizeOf(shape)));
    return new Tensor(device, type, shape, new Storage(device.allocate(bytes)));
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
    return new Tensor(this.device, this.dtype, shape, storage);
  }

  /** The values, row-major: float16 widened to float32, bool as 0 or 1 in bytes. */
  async data(): Promise<DataOf<D>> {
    const raw = await this.device.read(this.buffer, Math.max(4, this.bytes));
    return decode(raw, this.dtype, this.size) as DataOf<D>;
  }

  /** The values as nested arrays: a number for rank 0. */
  async toArray(): Promise<NestedArray> {
    const values = await this.data();
    let at = 0;
    const build = (axis: number): NestedArray =>
      axis === this.rank ? values[at++] : Array.from({ length: this.shape[axis] }, () => build(axis + 1));
    return build(0);
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
    finalizers.unregister(this);
    if (--storage.references === 0) this.device.release(storage.buffer);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor(${this.dtype} ${formatShape(this.shape)}${this.disposed ? ", disposed" : ""})`;
  }
}

/** Values from bytes as the GPU stores them. */
function decode(raw: ArrayBuffer, dtype: DType, size: number): TensorData {
  if (dtype === "float32") return new Float32Array(raw, 0, size);
  if (dtype === "int32") return new Int32Array(raw, 0, size);
  if (dtype === "uint32") return new Uint32Array(raw, 0, size);
  if (dtype === "float16") return f16ToF32(new Uint16Array(raw, 0, size));
  return Uint8Array.from(new Uint32Array(raw, 0, size));
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
