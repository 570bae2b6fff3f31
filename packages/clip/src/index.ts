/* All of the package: what pages have as well (`web.ts`), and what needs Node. */
export { type CheckOptions, checkKeys, type KeyReport, readParameter } from "./checkpoint/check.js";
export { requireFinite } from "./checkpoint/finite.js";
export { inferConfig } from "./checkpoint/infer.js";
export { inspectWeights, type WeightsReport } from "./checkpoint/inspect.js";
export { openCheckpoint } from "./checkpoint/open.js";
export { openWeights } from "./checkpoint/open-weights.js";
export { type Grid, positionMatrix, resizePositional } from "./checkpoint/positional.js";
export type { OpenOptions } from "./checkpoint/weights.js";
export { findConfig, listConfigs } from "./config/registry.js";
export type { Activation, PositionRule, TextConfig, VisionConfig } from "./config/types.js";
export { CLIP_MEAN, CLIP_STD, IMAGENET_MEAN, IMAGENET_STD } from "./config/types.js";
export { cacheDir } from "./hub/cache.js";
export { HUB_MODELS, type HubFile, type HubModel } from "./hub/catalog.js";
export type { DownloadProgress } from "./hub/download.js";
export { HubError, type HubErrorCode } from "./hub/errors.js";
export { cachedPath, findHubModel, type PulledFile, type PullOptions, pull } from "./hub/pull.js";
export { type ResolvedModel, resolveModel, weightsFile } from "./hub/resolve.js";
export { SHIPPED_MODEL, shippedModel } from "./hub/shipped.js";
export { clipParameters, type Parts, parameterCount } from "./model/clip.js";
export type { Layout } from "./model/layouts.js";
export { loadClip } from "./model/load.js";
export { hash32 } from "./model/random.js";
export { TextTransformer } from "./model/text.js";
export type { VisionOptions } from "./model/vision.js";
export { windowPatches } from "./model/windows.js";
export type { Filter } from "./preprocess/filters.js";
export type { RasterImage } from "./preprocess/raster.js";
export { learnMerges } from "./tokenizer/learn.js";
export {
  createTokenizer,
  openTokenizer,
  type Tokenizer,
  type TokenizerOptions,
} from "./tokenizer/tokenizer.js";
export * from "./web.js";
