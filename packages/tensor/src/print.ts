import type { DType } from "./dtype.js";
import { formatShape, type Shape } from "./shape.js";
import type { NestedArray } from "./tensor.js";

/** Tensors of at most this many values keep a copy of them, once the host has seen them, to be printed: 256 bytes. */
export const MAX_KNOWN = 64;

const known = new WeakMap<object, ArrayLike<number>>();

/** Keeps a copy of a small tensor's values for printing. Tensors are immutable, so that it stays true. */
export function remember(tensor: object, values: ArrayLike<number>): void {
  if (values.length <= MAX_KNOWN && !known.has(tensor)) known.set(tensor, Array.from(values));
}

/** The values of a tensor where the host has seen them. */
export const knownValues = (tensor: object): ArrayLike<number> | undefined => known.get(tensor);

/** Values as nested arrays of a shape. */
export function nest(values: ArrayLike<number>, shape: Shape): NestedArray {
  let at = 0;
  const build = (axis: number): NestedArray =>
    axis === shape.length ? values[at++] : Array.from({ length: shape[axis] }, () => build(axis + 1));
  return build(0);
}

interface Printed {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly disposed: boolean;
  readonly device: { readonly caps: { readonly name: string } };
}

/**
 * Type, shape, device and, where the host knows them, values:
 * `Tensor(float32 [2, 2] on llvmpipe)` and below `[[1, 2],` and ` [3, 4]]`.
 */
export function describe(tensor: Printed): string {
  const { dtype, shape, disposed, device } = tensor;
  const head = `Tensor(${dtype} ${formatShape(shape)} on ${device.caps.name}${disposed ? ", disposed" : ""})`;
  const values = knownValues(tensor);
  if (!values) return head;
  const text = (node: NestedArray, depth: number): string => {
    if (typeof node === "number") return dtype === "bool" ? String(node !== 0) : shorten(node);
    const rows = typeof node[0] === "object" ? `,\n${" ".repeat(depth + 1)}` : ", ";
    return `[${node.map((item) => text(item, depth + 1)).join(rows)}]`;
  };
  return `${head}${shape.length > 1 ? "\n" : " "}${text(nest(values, shape), 0)}`;
}

/** float32 keeps 7 digits; more would be noise (0.1 would read 0.10000000149011612). */
const shorten = (value: number): string =>
  Number.isInteger(value) ? `${value}` : `${Number(value.toPrecision(7))}`;
