/* Every public op. Tests and the table of features walk this list. */
export { gelu, geluTanh, quickGelu, quickGeluSlope, relu, sigmoid, tanh } from "./activations.js";
export { takeAlongAxis } from "./along-axis.js";
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
export type { Op } from "./define.js";
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
export { type FoldedLinear, foldLayerNorm } from "./fold.js";
export { gather, type Indices, oneHot } from "./gather.js";
export { type MatmulOptions, matmul } from "./matmul.js";
export { type NearestResult, nearest, packBank } from "./nearest.js";
export { inverseNorm, type LayerNormOptions, layerNorm, normalize } from "./norm.js";
export { PackedMatrix, type PackOptions, packMatrix } from "./packed.js";
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
export { permute, reshape, type SliceRange, slice, squeeze, transpose, unsqueeze } from "./shape.js";
export { logSoftmax, softmax } from "./softmax.js";
export { expand, sum } from "./sum.js";
export { type TopK, topk } from "./topk.js";
