import { quoted, TensorFileError } from "./error.js";
import { bf16ToF32, f16ToF32 } from "./half.js";

/** Typed arrays that hold file values; F16 and BF16 are bit patterns in a Uint16Array, BOOL is 0 or 1. */
export type FileData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

interface FileDataConstructor {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): FileData;
}

const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U64: BigUint64Array,
} as const satisfies Readonly<Record<string, FileDataConstructor>>;

/** Element types in files, named as in safetensors. */
export type FileDType = keyof typeof ARRAYS;

/** Whether `name` is a dtype this package reads. */
export function isFileDType(name: unknown): name is FileDType {
  return typeof name === "string" && Object.hasOwn(ARRAYS, name);
}

/** The typed array that holds values of `dtype`. */
export function arrayOf(dtype: FileDType): FileDataConstructor {
  return ARRAYS[dtype];
}

/** Bytes of one value of `dtype`. */
export function itemSize(dtype: FileDType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** Views bytes as values of `dtype`; copies them only where they are not aligned. */
function viewAs(dtype: FileDType, bytes: Uint8Array): FileData {
  const Ctor = arrayOf(dtype);
  const size = Ctor.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  return new Ctor(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** Converts stored little-endian bytes to float32 values. */
export function bytesToFloat32(dtype: FileDType, bytes: Uint8Array): Float32Array {
  const view = viewAs(dtype, bytes);
  if (dtype === "F16") return f16ToF32(view as Uint16Array);
  if (dtype === "BF16") return bf16ToF32(view as Uint16Array);
  if (view instanceof Float32Array) return view;
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) return Float32Array.from(view, Number);
  return new Float32Array(view);
}

/** The most axes that NumPy allows. */
const MAX_RANK = 64;

/** The number of values in `shape`. @throws TensorFileError `shape` for a size that is no whole number or above 2^53 bytes in all. */
export function elementCount(shape: readonly unknown[], label: string): number {
  if (shape.length > MAX_RANK) throw new TensorFileError("shape", `${label}: has ${shape.length} axes`);
  let count = 1;
  for (const size of shape) {
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
      throw new TensorFileError(
        "shape",
        `${label}: size ${quoted(size)} in its shape is not a whole number >= 0`,
      );
    count *= size;
    if (count > Number.MAX_SAFE_INTEGER / 8)
      throw new TensorFileError(
        "shape",
        `${label}: shape [${shape.map(quoted).join(", ")}] has more values than any file can hold`,
      );
  }
  return count;
}
