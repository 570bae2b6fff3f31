/* Every public op. Tests and the table of features walk this list. */
export {
  gelu,
  geluTanh,
  quickGelu,
  quickGeluSlope,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "./activations.js";
export { takeAlongAxis } from "./along-axis.js";
export { type AtIndex, type AtRange, at } from "./at.js";
export {
  type AttentionOptions,
  attention,
  type SelfAttentionOptions,
  selfAttention,
} from "./attention.js";
export { type BatchNormOptions, batchNorm } from "./batch-norm.js";
export { cast } from "./cast.js";
export {
  equal,
  greater,
  greaterEqual,
  isNan,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
  where,
} from "./comparison.js";
export { concat, pad, split, stack } from "./concat.js";
export { type Conv2dOptions, ConvWeight, conv2d, type Pair, packConv } from "./conv.js";
export { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.js";
export type { Op } from "./define.js";
export { einsum } from "./einsum.js";
export {
  abs,
  add,
  ceil,
  clamp,
  cos,
  div,
  erf,
  exp,
  floor,
  floorDivide,
  log,
  maximum,
  minimum,
  mul,
  neg,
  type Operand,
  pow,
  reciprocal,
  remainder,
  round,
  rsqrt,
  sign,
  sin,
  sqrt,
  square,
  sub,
} from "./elementwise.js";
export { eye } from "./eye.js";
export { type FoldedLinear, foldLayerNorm } from "./fold.js";
export { gather, type Indices, oneHot } from "./gather.js";
export { type GridSampleOptions, gridSample } from "./grid-sample.js";
export { maskedFill } from "./masked-fill.js";
export { type MatmulOptions, matmul } from "./matmul.js";
export { type NearestResult, nearest, packBank } from "./nearest.js";
export { inverseNorm, type LayerNormOptions, layerNorm, normalize } from "./norm.js";
export { type NormOptions, norm, std } from "./norms.js";
export { PackedMatrix, type PackOptions, packMatrix } from "./packed.js";
export {
  type AvgPoolOptions,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool2d,
  maxPool2d,
  type PoolOptions,
} from "./pool.js";
export { flatten, repeat } from "./rearrange.js";
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
  variance,
} from "./reduce.js";
export { type ResizeOptions, resizeBilinear } from "./resize.js";
export { cumsum, prod } from "./scan.js";
export { scatter } from "./scatter.js";
export { permute, reshape, type SliceRange, slice, squeeze, transpose, unsqueeze } from "./shape.js";
export { logSoftmax, softmax } from "./softmax.js";
export { type Sorted, sort } from "./sort.js";
export { expand, sum } from "./sum.js";
export { type TopK, topk } from "./topk.js";
export { tril, triu } from "./triangle.js";
