export { MultiHeadAttention } from "./attention.js";
export { BatchNorm } from "./batch-norm.js";
export { Dropout } from "./dropout.js";
export { Embedding } from "./embedding.js";
export type { Initial, Layer } from "./layer.js";
export { LayerNorm } from "./layer-norm.js";
export { Linear, type LinearOptions } from "./linear.js";
export { gradientsOf, Module, Parameter } from "./module.js";
export { Sequential } from "./sequential.js";
