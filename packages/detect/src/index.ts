export { Backbone, type BackboneOptions, openBackbone, randomBackbone } from "./backbone/backbone.js";
export { chooseBatch } from "./backbone/batch.js";
export { towerProducts } from "./backbone/products.js";
export { encodePixels, encodeViews } from "./encoder/encode.js";
export {
  FeatureCache,
  type FeatureRecipe,
  featureBytes,
  featureRecipe,
  type ImageFeatures,
} from "./encoder/feature-cache.js";
export { type AddOptions, FeatureStore, type FeatureStoreOptions } from "./encoder/feature-store.js";
export { RecentlyUsed } from "./encoder/lru.js";
export { InctrlError, type InctrlErrorCode } from "./errors.js";
export { inferno, type Scale, scaleOf } from "./heatmap/colormap.js";
export { type PatchView, renderPanel } from "./heatmap/panel.js";
export type { Box, RgbaImage, RgbImage } from "./heatmap/picture.js";
export { renderHeatmap } from "./heatmap/render.js";
export { upsampleMap } from "./heatmap/resample.js";
export { DecodePool, type DecodeTask, decodeThreads } from "./images/decode-pool.js";
export { FEW_SHOT, fewShotSamples, listFewShot, parseFewShot, readFewShot } from "./images/few-shot.js";
export { symmetricIndex, symmetricSquare, symmetricView, symmetricViews } from "./images/symmetries.js";
export { type Prompt, PromptBank, type PromptRecord, patchesOf, unturned } from "./matcher/bank.js";
export { type Point, precisionRecallCurve, rocCurve } from "./metrics/curves.js";
export { auroc, averagePrecision, f1Max } from "./metrics/metrics.js";
export { type PixelMap, type PixelMetrics, pixelMetrics } from "./metrics/pixel.js";
export { type PromptTexts, promptTexts } from "./text/prompts.js";
export { classPrototypes, prototypesFromIds, textScore } from "./text/prototypes.js";
