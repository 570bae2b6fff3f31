/* Every public op. Tests and the table of features walk this list; files whose exports are all public are passed on whole. */
export * from "./activations.js";
export { takeAlongAxis } from "./along-axis.js";
export * from "./at.js";
export * from "./attention.js";
export * from "./batch-norm.js";
export * from "./bytes.js";
export { cast } from "./cast.js";
export * from "./comparison.js";
export * from "./concat.js";
export { type Conv2dOptions, ConvWeight, conv2d, type Pair, packConv } from "./conv.js";
export * from "./conv-last.js";
export * from "./cross-entropy.js";
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
export * from "./fold.js";
export { gather, type Indices, oneHot } from "./gather.js";
export * from "./gaussian.js";
export * from "./grid-sample.js";
export { maskedFill } from "./masked-fill.js";
export * from "./matmul.js";
export { type NearestResult, nearest, packBank } from "./nearest.js";
export * from "./neighbours.js";
export * from "./norm.js";
export * from "./norms.js";
export { PackedMatrix, type PackOptions, packMatrix } from "./packed.js";
export * from "./pool.js";
export * from "./rearrange.js";
export * from "./reduce.js";
export * from "./resize.js";
export * from "./scan.js";
export { scatter } from "./scatter.js";
export * from "./shape.js";
export * from "./softmax.js";
export * from "./sort.js";
export { expand, sum } from "./sum.js";
export { type TopK, topk } from "./topk.js";
export * from "./triangle.js";
