/*
 * What a page needs of image transformers: weights from a file in memory, and preprocessing. Published as `@inctrl/clip/web`; a bundle
 * of it for browsers holds nothing of Node.
 */
export { parameterReader, requireKeys } from "./checkpoint/check.js";
export { type ChosenConfig, chooseConfig } from "./checkpoint/choose.js";
export { canonicalWeights, type Weights } from "./checkpoint/weights.js";
export { parseConfig } from "./config/parse.js";
export type { ModelConfig, PreprocessConfig } from "./config/types.js";
export { gridSize, prefixTokens } from "./config/types.js";
export { ClipError, type ClipErrorCode } from "./errors.js";
export { Clip } from "./model/clip.js";
export { buildClip, type LoadOptions } from "./model/load.js";
export { randomParameters } from "./model/random.js";
export { type VisionOutput, VisionTransformer } from "./model/vision.js";
export { type Fit, layOut } from "./preprocess/fit.js";
export { type PlannedWindow, planResize, type ResizePlan } from "./preprocess/plan.js";
export {
  normalizePixels,
  normalTable,
  type PixelConfig,
  type PreparedImage,
  prepareImage,
} from "./preprocess/prepare.js";
