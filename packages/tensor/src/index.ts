export {
  checkpoint,
  customVjp,
  detach,
  type Gradients,
  grad,
  type ParameterTree,
  valueAndGrad,
} from "./autograd/grad.js";
export {
  type CheckedInput,
  describeGradcheck,
  type GradcheckOptions,
  type GradcheckReport,
  gradcheck,
} from "./autograd/gradcheck.js";
export { noGrad } from "./autograd/record.js";
export { checkKernels, type GemmRate, type KernelCheck, measureGemm } from "./check.js";
export { arange, full, ones, tensor, type Values, zeros } from "./create.js";
export { type AdapterChoice, findAdapters } from "./device/adapter.js";
export type { Caps, KernelFamily } from "./device/caps.js";
export { defaultDevice, setDefaultDevice } from "./device/default.js";
export type { Device, DeviceStats, MemoryReport } from "./device/device.js";
export { type DeviceOptions, openDevice } from "./device/open.js";
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
export {
  type AttentionOptions,
  attention,
  type SelfAttentionOptions,
  selfAttention,
} from "./ops/attention.js";
export { type BatchNormOptions, batchNorm } from "./ops/batch-norm.js";
export { cast } from "./ops/cast.js";
export { concat, pad, split, stack } from "./ops/concat.js";
export { type Conv2dOptions, ConvWeight, conv2d, type Pair, packConv } from "./ops/conv.js";
export * from "./ops/elementwise.js";
export { type FoldedLinear, foldLayerNorm } from "./ops/fold.js";
export { gather, type Indices, oneHot, takeAlongAxis } from "./ops/gather.js";
export { type MatmulOptions, matmul } from "./ops/matmul.js";
export { type NearestResult, nearest, packBank } from "./ops/nearest.js";
export { inverseNorm, type LayerNormOptions, layerNorm, normalize } from "./ops/norm.js";
export { PackedMatrix, type PackOptions, packMatrix } from "./ops/packed.js";
export {
  type Axes,
  all,
  any,
  argmax,
  argmin,
  max,
  mean,
  min,
  type ReduceOptions,
  sum,
  variance,
} from "./ops/reduce.js";
export {
  expand,
  permute,
  reshape,
  type SliceRange,
  slice,
  squeeze,
  transpose,
  unsqueeze,
} from "./ops/shape.js";
export { logSoftmax, softmax } from "./ops/softmax.js";
export { type TopK, topk } from "./ops/topk.js";
export * as optim from "./optim/index.js";
export { bernoulli, normal, philox, type RandomOptions, uniform } from "./random.js";
export { type HoldsTensors, keep, scope } from "./scope.js";
export { type Shape, sizeOf } from "./shape.js";
export { type NestedArray, Tensor } from "./tensor.js";
export { type TunedProduct, type TuneOptions, tuneProducts } from "./tune.js";
export { loadTuning, saveTuning, tuningFileName } from "./tuning-file.js";
