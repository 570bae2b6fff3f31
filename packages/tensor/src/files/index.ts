/*
 * Tensor files: reading and writing them, and the parts that a reader of another format is built from. Published as
 * `@inctrl/tensor/files`; needs no GPU.
 */
export { CodedError } from "../coded-error.js";
export type { FileData, FileDType } from "./dtype.js";
export { bytesToFloat32, elementCount, itemSize } from "./dtype.js";
export type { TensorFileCode } from "./error.js";
export { quoted, TensorFileError } from "./error.js";
export { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "./half.js";
export type { NpyArray } from "./npy.js";
export { parseNpy, readNpy } from "./npy.js";
export { openSafetensors, parseSafetensors } from "./safetensors.js";
export type { ByteSource } from "./source.js";
export { fileSource, memorySource } from "./source.js";
export { toRowMajor } from "./strided.js";
export type { FileTensor, TensorFile } from "./tensor-file.js";
export { CHUNK_BYTES, collectFloat32, requireTensor, streamRange } from "./tensor-file.js";
export type { StoredTensor } from "./write.js";
export { serializeSafetensors, writeSafetensors } from "./write.js";
export { writeError, writeFileAtomic } from "./write-file.js";
