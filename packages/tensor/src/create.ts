import { decode, encode } from "./codec.js";
import { onDevice } from "./device/default.js";
import type { Device } from "./device/device.js";
import { checkType, type DType } from "./dtype.js";
import { check, kindOf } from "./errors.js";
import { fill, launch } from "./ops/launch.js";
import { MAX_KNOWN, remember } from "./print.js";
import { scope } from "./scope.js";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.js";
import { type NestedArray, Tensor } from "./tensor.js";

/*
 * All of these take a device first, or use the one that `setDefaultDevice` chose.
 */

/** Values a tensor can be made from: typed arrays (no copy on the host), numbers, nested arrays of numbers or booleans. */
export type Values =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint8Array
  | Uint16Array
  | NestedArray
  | NestedBooleans;

/** Nested arrays of booleans. */
export type NestedBooleans = boolean | NestedBooleans[];

/** The element type that values on the host have by themselves. */
export type TypeOfValues<V> = V extends Int32Array
  ? "int32"
  : V extends Uint32Array
    ? "uint32"
    : V extends Uint8Array | NestedBooleans
      ? "bool"
      : V extends Uint16Array
        ? "float16"
        : "float32";

/**
 * Makes a tensor from values on the host.
 *
 * The type follows the values unless `dtype` says otherwise: numbers, Float32Array and Float64Array give float32,
 * Int32Array int32, Uint32Array uint32, booleans and Uint8Array bool, Uint16Array float16 (bit patterns).
 *
 * @param device may be left out where `setDefaultDevice` has chosen one.
 * @param shape by default that of the nested arrays, or [length].
 * @throws TensorError `shape` when the values do not fill the shape or the nesting is ragged, `argument` for other values.
 * @example
 * const a = tensor(device, [[1, 2], [3, 4]]);
 * const b = tensor(device, new Float32Array(6), [2, 3]);
 */
export const tensor: Create = onDevice((device, values: Values, shape?: Shape, dtype?: DType): Tensor => {
  const natural = typeOf(values);
  const type = dtype ?? natural;
  checkType("tensor", type);
  const typed = ArrayBuffer.isView(values);
  const flat = typed ? (values as Float32Array) : flatten(values as NestedArray);
  const target = shape ?? (typed ? [flat.length] : nestedShape(values as NestedArray));
  checkShape("tensor", target);
  check(
    sizeOf(target) === flat.length,
    "shape",
    () => `tensor: ${flat.length} values do not fill shape ${formatShape(target)} (${sizeOf(target)} values)`,
  );
  const out = Tensor.empty(device, target, type);
  if (flat.length === 0) return out;
  const bytes = encode(flat, type);
  device.write(out.buffer, 0, bytes);
  if (flat.length <= MAX_KNOWN) remember(out, decode(bytes.slice().buffer, type, flat.length));
  return out;
});

interface Create {
  <V extends Values, D extends DType = TypeOfValues<V>>(
    device: Device,
    values: V,
    shape?: Shape,
    dtype?: D,
  ): Tensor<D>;
  <V extends Values, D extends DType = TypeOfValues<V>>(values: V, shape?: Shape, dtype?: D): Tensor<D>;
}

/**
 * Bytes as they are, four to a uint32 with the first one lowest. Zeros fill up the last one.
 *
 * @returns [ceil(length / 4)].
 * @example const words = packBytes(device, await readFile("part.raw"));
 */
export const packBytes = onDevice((device, bytes: Uint8Array): Tensor<"uint32"> => {
  check(
    bytes instanceof Uint8Array,
    "argument",
    () => `packBytes: the bytes are ${kindOf(bytes)}; give a Uint8Array`,
  );
  const out = Tensor.empty(device, [Math.ceil(bytes.length / 4)], "uint32");
  const whole = bytes.length - (bytes.length % 4);
  if (whole > 0) device.write(out.buffer, 0, bytes.subarray(0, whole));
  if (whole === bytes.length) return out;
  const last = new Uint8Array(4);
  last.set(bytes.subarray(whole));
  device.write(out.buffer, whole, last);
  return out;
});

const TYPED: readonly (readonly [abstract new (...args: never[]) => ArrayBufferView, DType])[] = [
  [Float32Array, "float32"],
  [Float64Array, "float32"],
  [Int32Array, "int32"],
  [Uint32Array, "uint32"],
  [Uint8Array, "bool"],
  [Uint16Array, "float16"],
];

function typeOf(values: unknown): DType {
  let first = values;
  while (Array.isArray(first)) first = first[0];
  if (typeof first === "boolean") return "bool";
  if (typeof first === "number" || Array.isArray(values)) return "float32";
  const known = TYPED.find(([type]) => values instanceof type);
  check(
    known !== undefined,
    "argument",
    () =>
      `tensor: values are ${kindOf(values)}; give numbers or booleans, nested arrays of them, or a Float32Array, Float64Array, ` +
      "Int32Array, Uint32Array, Uint8Array or Uint16Array",
  );
  return known[1];
}

function nestedShape(values: NestedArray): number[] {
  const shape: number[] = [];
  let level: unknown = values;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
}

function flatten(values: NestedArray): number[] {
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

/**
 * A tensor of one value throughout.
 *
 * @example const half = full(device, [2, 3], 0.5);
 */
export const full: Filled<[shape: Shape, value: number]> = onDevice(
  (device, shape: Shape, value: number, dtype?: DType) => filled("full", device, shape, value, dtype),
);

/** A tensor of zeros. @example const z = zeros(device, [2, 3]); */
export const zeros: Filled<[shape: Shape]> = onDevice((device, shape: Shape, dtype?: DType) =>
  filled("zeros", device, shape, 0, dtype),
);

/** A tensor of ones. @example const o = ones(device, [2, 3]); */
export const ones: Filled<[shape: Shape]> = onDevice((device, shape: Shape, dtype?: DType) =>
  filled("ones", device, shape, 1, dtype),
);

/** Makes a tensor from a few arguments and an element type, by default float32. */
interface Filled<A extends unknown[]> {
  <D extends DType = "float32">(device: Device, ...args: [...A, dtype?: D]): Tensor<D>;
  <D extends DType = "float32">(...args: [...A, dtype?: D]): Tensor<D>;
}

function filled(
  where: string,
  device: Device,
  shape: Shape,
  value: number,
  dtype: DType = "float32",
): Tensor {
  checkType(where, dtype);
  checkShape(where, shape);
  check(dtype !== "float16", "dtype", () => `${where}: make float32 values and cast them to float16`);
  check(typeof value === "number", "argument", () => `${where}: the value is ${kindOf(value)}, not a number`);
  const stored = dtype === "bool" ? Number(value !== 0) : value;
  return scope(() => {
    const out = Tensor.empty(device, shape, dtype);
    launch({ ...fill(out, stored), tensors: { out } });
    return out;
  });
}

/**
 * The whole numbers 0 to `count` - 1, [count].
 *
 * @example const index = arange(device, 5, "int32");
 */
export const arange: Filled<[count: number]> = onDevice((device, count: number, dtype: DType = "float32") => {
  checkShape("arange", [count]);
  return tensor(
    device,
    Float64Array.from({ length: count }, (_, i) => i),
    [count],
    dtype,
  );
});

/**
 * Evenly spaced values from `start` to `end`, both included, [count].
 *
 * @example linspace(device, 0, 1, 5); // 0, 0.25, 0.5, 0.75, 1
 */
export const linspace = onDevice((device, start: number, end: number, count: number): Tensor<"float32"> => {
  check(
    Number.isFinite(start) && Number.isFinite(end),
    "argument",
    () => `linspace: start ${start} and end ${end} must be finite numbers`,
  );
  checkShape("linspace", [count]);
  const last = Math.max(1, count - 1);
  return tensor(
    device,
    Float64Array.from({ length: count }, (_, i) => (start * (last - i) + end * i) / last),
    [count],
  );
});
