/*
 * Tensor files: reading and writing them, and the parts that a reader of another format is built from. Published as
 * `@inctrl/tensor/files`; needs no GPU.
 */
export { CodedError } from "../coded-error.js";
export { type Closable, closing, orClosed } from "./closing.js";
export { fromDisk, onDisk, readNames } from "./disk-path.js";
export { bytesToFloat32, elementCount, type FileData, type FileDType, itemSize } from "./dtype.js";
export * from "./error.js";
export * from "./half.js";
export { boundedJson } from "./json.js";
export { linkNew } from "./link-new.js";
export { type FileLock, takeLock } from "./lock.js";
export { dropFile, fileInMemory, holdFile } from "./memory-files.js";
export * from "./npy.js";
export { readPlainFile, readPlainText, readTextIfThere, streamPlainFile } from "./plain-file.js";
export { openSafetensors, parseSafetensors, type SafetensorsFile, safetensorsIn } from "./safetensors.js";
export { type ByteSource, fileSource, memorySource } from "./source.js";
export * from "./strided.js";
export { isLeftover, temporaryIn } from "./temporary.js";
export {
  CHUNK_BYTES,
  collectFloat32,
  type FileTensor,
  requireTensor,
  streamRange,
  type TensorFile,
} from "./tensor-file.js";
export * from "./write.js";
export { openWholeFile, syncFolder, type WholeFile, writeError, writeFileAtomic } from "./write-file.js";
