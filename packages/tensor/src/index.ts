export * from "./autograd/grad.js";
export * from "./autograd/gradcheck.js";
export { noGrad } from "./autograd/record.js";
export { CodedError } from "./coded-error.js";
export { arange, full, linspace, ones, packBytes, tensor, type Values, zeros } from "./create.js";
export { type AdapterChoice, findAdapters } from "./device/adapter.js";
export type { Caps, KernelFamily } from "./device/caps.js";
export { defaultDevice, setDefaultDevice } from "./device/default.js";
export type { Device, DeviceStats, MemoryReport } from "./device/device.js";
export { type DeviceOptions, openDevice } from "./device/open.js";
export { describeProcessor, type Processor, readProcessor } from "./device/processor.js";
export {
  chromeTrace,
  type DispatchRecord,
  type KernelUse,
  type TimedDispatch,
  type Trace,
  type TraceReport,
} from "./device/trace.js";
export type { DataOf, DType, TensorData } from "./dtype.js";
export { TensorError, type TensorErrorCode } from "./errors.js";
export {
  type FileData,
  type FileDType,
  type FileTensor,
  f16ToF32,
  f32ToF16,
  type NpyArray,
  openSafetensors,
  parseNpy,
  parseSafetensors,
  readNpy,
  type StoredTensor,
  serializeSafetensors,
  type TensorFile,
  type TensorFileCode,
  TensorFileError,
  writeFileAtomic,
  writeSafetensors,
} from "./files/index.js";
export type { Activation } from "./kernels/math.js";
export type { Tile } from "./kernels/tile.js";
export { type LeakReport, leakReport, traceLeaks } from "./leaks.js";
export * as nn from "./nn/index.js";
export * from "./ops/index.js";
export * as optim from "./optim/index.js";
export { bernoulli, normal, philox, type RandomOptions, uniform } from "./random.js";
export { type HoldsTensors, keep, scope } from "./scope.js";
export { checkKernels, type GemmRate, type KernelCheck, measureGemm, measurePace } from "./selftest.js";
export { type Shape, sizeOf } from "./shape.js";
export { type NestedArray, Tensor } from "./tensor.js";
export { ruleOf, type TunedProduct, type TuneOptions, tuneProducts, tuneRule } from "./tune.js";
export { type TunedMatrices, type TuneMatricesOptions, tuneMatrices, usesMatrices } from "./tune-matrices.js";
export { loadTuning, prepareTuning, saveTuning, tuningFileName } from "./tuning-file.js";
