import type { Device } from "./device/device.js";
import type { DType } from "./dtype.js";
import { wgslScalar } from "./dtype.js";
import { check } from "./errors.js";
import { f32ToF16 } from "./files/half.js";
import { FLAT, FLAT_INDEX, flatGrid, kernel, kernelFor } from "./kernels/kernel.js";
import { launch } from "./ops/launch.js";
import { scope } from "./scope.js";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.js";
import { type NestedArray, Tensor } from "./tensor.js";

/** Values a tensor can be made from: typed arrays (no copy on the host), numbers, nested arrays. */
export type Values =
  | Float32Array
  | Int32Array
  | Uint32Array
  | Uint8Array
  | Uint16Array
  | NestedArray
  | boolean[];

/** The element type that values on the host have by themselves. */
export type TypeOfValues<V> = V extends Int32Array
  ? "int32"
  : V extends Uint32Array
    ? "uint32"
    : V extends Uint8Array | readonly boolean[]
      ? "bool"
      : V extends Uint16Array
        ? "float16"
        : "float32";

/**
 * Makes a tensor from values on the host.
 *
 * The type follows the values (Float32Array and numbers: float32, Int32Array: int32, Uint32Array: uint32, booleans and
 * Uint8Array: bool, Uint16Array: float16 bit patterns) unless `dtype` says otherwise.
 *
 * @param shape by default that of the nested arrays, or [length].
 * @throws TensorError `shape` when the values do not fill the shape or the nesting is ragged.
 * @example
 * const a = tensor(device, [[1, 2], [3, 4]]);
 * const b = tensor(device, new Float32Array(6), [2, 3]);
 */
export function tensor<V extends Values, D extends DType = TypeOfValues<V>>(
  device: Device,
  values: V,
  shape?: Shape,
  dtype?: D,
): Tensor<D> {
  const typed = ArrayBuffer.isView(values);
  const flat: ArrayLike<number> = typed
    ? (values as Float32Array)
    : flatten(values as NestedArray | boolean[]);
  const inferred = typed ? [flat.length] : nestedShape(values as NestedArray);
  const target = shape ?? inferred;
  checkShape("tensor", target);
  check(
    sizeOf(target) === flat.length,
    "shape",
    () => `tensor: ${flat.length} values do not fill shape ${formatShape(target)} (${sizeOf(target)} values)`,
  );
  const type = dtype ?? (typeOf(values) as D);
  const out = Tensor.empty(device, target, type);
  if (flat.length > 0) device.write(out.buffer, 0, encode(flat, type));
  return out;
}

function typeOf(values: Values): DType {
  if (values instanceof Int32Array) return "int32";
  if (values instanceof Uint32Array) return "uint32";
  if (values instanceof Uint8Array) return "bool";
  if (values instanceof Uint16Array) return "float16";
  let first: unknown = values;
  while (Array.isArray(first)) first = first[0];
  return typeof first === "boolean" ? "bool" : "float32";
}

/** Bytes as the GPU stores them, padded to whole words. */
function encode(values: ArrayLike<number>, dtype: DType): Uint8Array {
  if (dtype === "float32")
    return bytesOf(values instanceof Float32Array ? values : Float32Array.from(values));
  if (dtype === "int32") return bytesOf(values instanceof Int32Array ? values : Int32Array.from(values));
  if (dtype === "uint32") return bytesOf(values instanceof Uint32Array ? values : Uint32Array.from(values));
  if (dtype === "bool") return bytesOf(Uint32Array.from(values, (v) => Number(v !== 0)));
  const half = values instanceof Uint16Array ? values : f32ToF16(Float32Array.from(values));
  if (half.length % 2 === 0) return bytesOf(half);
  const padded = new Uint16Array(half.length + 1);
  padded.set(half);
  return bytesOf(padded);
}

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function nestedShape(values: NestedArray | boolean[]): number[] {
  const shape: number[] = [];
  let level: unknown = values;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
}

function flatten(values: NestedArray | boolean[]): number[] {
  const shape = nestedShape(values);
  const out: number[] = [];
  const walk = (node: unknown, axis: number): void => {
    if (axis === shape.length) {
      check(
        typeof node === "number" || typeof node === "boolean",
        "shape",
        () => "tensor: ragged nested arrays",
      );
      out.push(Number(node));
      return;
    }
    check(
      Array.isArray(node) && node.length === shape[axis],
      "shape",
      () => `tensor: ragged nested arrays; every array at depth ${axis} must have ${shape[axis]} items`,
    );
    for (const item of node as unknown[]) walk(item, axis + 1);
  };
  walk(values, 0);
  return out;
}

/** A tensor of one value throughout. */
export function full<D extends DType = "float32">(
  device: Device,
  shape: Shape,
  value: number,
  dtype?: D,
): Tensor<D> {
  const kind: DType = dtype ?? "float32";
  check(kind !== "float16", "dtype", () => "full: make float32 values and cast them to float16");
  const type = wgslScalar(kind);
  const fill = kernelFor(`fill:${type}`, () =>
    kernel({
      name: "fill",
      reads: {},
      writes: { out: type },
      uniforms: { count: "u32", value: type },
      workgroup: FLAT,
      body: `${FLAT_INDEX}\n  if (i < u.count) { out[i] = u.value; }`,
    }),
  );
  const stored = kind === "bool" ? Number(value !== 0) : value;
  return scope(() => {
    const out = Tensor.empty(device, shape, dtype);
    launch(fill, { out }, { count: out.size, value: stored }, flatGrid(out.size));
    return out;
  });
}

/** @example const z = zeros(device, [2, 3]); */
export const zeros = <D extends DType = "float32">(device: Device, shape: Shape, dtype?: D): Tensor<D> =>
  full(device, shape, 0, dtype);

/** @example const o = ones(device, [2, 3]); */
export const ones = <D extends DType = "float32">(device: Device, shape: Shape, dtype?: D): Tensor<D> =>
  full(device, shape, 1, dtype);

/** The whole numbers 0 to `count` - 1, [count]. */
export function arange<D extends DType = "float32">(device: Device, count: number, dtype?: D): Tensor<D> {
  return tensor(
    device,
    Float32Array.from({ length: count }, (_, i) => i),
    [count],
    dtype ?? ("float32" as D),
  );
}
