import { check, kindOf } from "./errors.js";

/** Element types. `float16` is a storage type: kernels compute in float32. `bool` is stored as 0 or 1 in 32 bits. */
export type DType = "float32" | "float16" | "int32" | "uint32" | "bool";

/** Element types that kernels compute in. */
export type ComputeType = Exclude<DType, "float16">;

interface DataByType {
  float32: Float32Array;
  float16: Float32Array;
  int32: Int32Array;
  uint32: Uint32Array;
  bool: Uint8Array;
}

/**
 * The array that `Tensor.data()` gives for an element type: float16 is widened to float32, bool takes one byte a value.
 * A type that no signature states (`any`) counts as float32, which most ops give.
 */
export type DataOf<D extends DType> = unknown extends D ? Float32Array : DataByType[D];

/** The element types that a tensor may have: all of them where none is stated. */
export type TypeOf<D extends DType> = unknown extends D ? DType : D;

/** Any array that `Tensor.data()` gives. */
export type TensorData = DataOf<DType>;

/** Bytes that `count` elements take on the GPU, a multiple of 4 (two float16 share a word). */
export function storageBytes(dtype: DType, count: number): number {
  return dtype === "float16" ? Math.ceil(count / 2) * 4 : count * 4;
}

/** The WGSL scalar that kernels use for a type. */
export function wgslScalar(dtype: DType): "f32" | "i32" | "u32" {
  if (dtype === "int32") return "i32";
  return dtype === "uint32" || dtype === "bool" ? "u32" : "f32";
}

export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float16";

const DTYPES: readonly DType[] = ["float32", "float16", "int32", "uint32", "bool"];

/** Throws `dtype` for what is no element type. */
export function checkType(where: string, dtype: unknown): asserts dtype is DType {
  check(
    DTYPES.includes(dtype as DType),
    "dtype",
    () =>
      `${where}: ${typeof dtype === "string" ? `"${dtype}"` : kindOf(dtype)} is no element type; use ${DTYPES.join(", ")}`,
  );
}
