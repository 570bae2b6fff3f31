export { Backbone, type BackboneOptions, openBackbone, randomBackbone } from "./backbone/backbone.js";
export { chooseBatch } from "./backbone/batch.js";
export { towerProducts } from "./backbone/products.js";
export { packFloats, unpackFloats } from "./base64.js";
export {
  type BestMatch,
  bestMatch,
  type Detection,
  type Detector,
  type DetectorFactory,
  type FitOptions,
  type FittedDetector,
  fitImages,
  type Known,
  type MatchMap,
  type ScoreMap,
  scoreViews,
  type ViewScore,
} from "./detector.js";
export { byteCache } from "./encoder/byte-cache.js";
export { CachedEncoder } from "./encoder/cached-encoder.js";
export { encodePixels } from "./encoder/encode.js";
export { type EncodeOptions, Encoder, type EncoderOptions } from "./encoder/encoder.js";
export { FeatureCache, type ImageFeatures } from "./encoder/feature-cache.js";
export { type AddOptions, FeatureStore, type FeatureStoreOptions } from "./encoder/feature-store.js";
export type { EncodedBatch, EncodedImage, EncodedView, Features } from "./encoder/features.js";
export { type EncodedPrompt, type EncodePromptsOptions, encodePrompts } from "./encoder/prompts.js";
export { type FeatureRecipe, featureBytes } from "./encoder/recipe.js";
export { DetectError, type DetectErrorCode } from "./errors.js";
export {
  type EvaluateOptions,
  evaluate,
  evaluateAll,
  type Scoring,
  type SharedOptions,
} from "./evaluation/evaluate.js";
export { type Spread, type SummaryRow, spreadOf, summarize } from "./evaluation/summary.js";
export type { CategoryResult, Draw, Evaluation, Metrics, Settings } from "./evaluation/types.js";
export { inferno, type Scale, scaleOf } from "./heatmap/colormap.js";
export { type DrawHeatmapsOptions, type DrawnHeatmaps, drawHeatmaps } from "./heatmap/draw-heatmaps.js";
export { MapStore, type StoredMaps, storedMaps } from "./heatmap/map-store.js";
export { mergeViews, type PlacedMap } from "./heatmap/merge.js";
export { type PatchView, renderPanel } from "./heatmap/panel.js";
export { type Photo, photoOf } from "./heatmap/photo.js";
export type { Box, RgbaImage, RgbImage } from "./heatmap/picture.js";
export { pictureNames } from "./heatmap/picture-names.js";
export { PromptAlbum, type ShownPrompt } from "./heatmap/prompt-album.js";
export { renderHeatmap } from "./heatmap/render.js";
export { decodeThreads } from "./images/decode-pool.js";
export { FEW_SHOT, fewShotSamples, listFewShot } from "./images/few-shot.js";
export { fileImage, fileImages, type ImageItem, type ImageSource } from "./images/source.js";
export { symmetricIndex, symmetricSquare, symmetricView } from "./images/symmetries.js";
export { PromptBank } from "./matcher/bank.js";
export {
  type BankInfo,
  bankInfo,
  type PromptRecord,
  readBank,
  readBankFit,
  writeBank,
} from "./matcher/bank-file.js";
export { matchPatches, type PatchMatches } from "./matcher/match.js";
export {
  type PatchMethod,
  type PatchOutput,
  type PatchScoring,
  patchDetector,
} from "./matcher/patch-detector.js";
export { type Point, precisionRecallCurve, rocCurve } from "./metrics/curves.js";
export { auroc, averagePrecision, f1Max } from "./metrics/metrics.js";
export { type PixelMap, type PixelMetrics, pixelMetrics } from "./metrics/pixel.js";
export { type CsvCell, csvLine } from "./report/csv.js";
export type { RunFacts } from "./report/facts.js";
export { tableRows } from "./report/table.js";
export { type ReportInput, writeReport, writeResults } from "./report/write.js";
export { type ImageFailure, type ImageScore, type ScoreImagesOptions, scoreImages } from "./score-images.js";
export { type PromptTexts, promptTexts } from "./text/prompts.js";
export { classPrototypes, prototypesFromIds, textScore } from "./text/prototypes.js";
