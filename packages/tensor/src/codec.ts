import type { DType, TensorData } from "./dtype.js";
import { f16ToF32, f32ToF16 } from "./files/half.js";

/** Bytes as the GPU stores them, padded to whole words. */
export function encode(values: ArrayLike<number>, dtype: DType): Uint8Array {
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

/** Values from bytes as the GPU stores them. */
export function decode(raw: ArrayBuffer, dtype: DType, size: number): TensorData {
  if (dtype === "float32") return new Float32Array(raw, 0, size);
  if (dtype === "int32") return new Int32Array(raw, 0, size);
  if (dtype === "uint32") return new Uint32Array(raw, 0, size);
  if (dtype === "float16") return f16ToF32(new Uint16Array(raw, 0, size));
  return Uint8Array.from(new Uint32Array(raw, 0, size));
}
