/** Element types. `float16` is a storage type: kernels compute in float32. `bool` is stored as 0 or 1 in 32 bits. */
export type DType = "float32" | "float16" | "int32" | "uint32" | "bool";

/** Types that kernels compute in. */
export type ComputeType = Exclude<DType, "float16">;

/** What `Tensor.data()` gives back: float16 is widened to float32, bool is one byte a value. */
export type TensorData = Float32Array | Int32Array | Uint32Array | Uint8Array;

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
