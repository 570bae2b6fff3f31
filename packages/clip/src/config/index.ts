export { parseConfig } from "./parse.js";
export { findConfig, listConfigs } from "./registry.js";
export type {
  Activation,
  ModelConfig,
  PositionRule,
  PreprocessConfig,
  TextConfig,
  VisionConfig,
} from "./types.js";
export { CLIP_MEAN, CLIP_STD, gridSize, IMAGENET_MEAN, IMAGENET_STD, prefixTokens } from "./types.js";
