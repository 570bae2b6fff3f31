/* All of the package: what pages have as well (`web.ts`), and what needs Node. */
export { type TapLayout, type ViewSize, withoutText } from "./backbone/backbone.js";
export { imagesAtOnce } from "./backbone/batch.js";
export { fingerprinting } from "./backbone/fingerprint.js";
export { randomBackbone } from "./backbone/load-backbone.js";
export { type BackboneOptions, openBackbone } from "./backbone/open-backbone.js";
export { towerProducts } from "./backbone/products.js";
export { encodePixels } from "./backbone/vit-taps.js";
export {
  addGoodImages,
  changePrompts,
  type Edited,
  type EditedBank,
  type LearntAs,
  learnGood,
  learntAs,
  type PromptEdit,
  removeGoodImages,
} from "./bank/edit.js";
export {
  type BankChange,
  type BankHistory,
  type ChangedImage,
  changeBank,
  readHistory,
  undoBank,
  VERSIONS_KEPT,
} from "./bank/history.js";
export { goodImagesOf, type KnownImages, type Place, placeOf } from "./bank/named.js";
export { type ComparedRow, type Contender, compareMethods, withoutPrompts } from "./benchmark/comparison.js";
export { type CostRow, costsCsv, costsMarkdown, imageFlop } from "./benchmark/costs.js";
export { type Figure3Options, type Figure3Row, figure3Rows } from "./benchmark/figure3.js";
export { type Figure3, figure3Page } from "./benchmark/figure3-page.js";
export { figure3Picture } from "./benchmark/figure3-picture.js";
export { type ClassCurve, classCurve, figure4Csv, figure4Tables } from "./benchmark/figure4.js";
export { type Figure4, figure4Page } from "./benchmark/figure4-page.js";
export { type BenchmarkPage, benchmarkPage, type MethodFacts } from "./benchmark/page.js";
export { drawMaps, rowsOf, type ShownRow } from "./benchmark/pictures.js";
export { chooseQueries, type Queries } from "./benchmark/queries.js";
export {
  comparisonCsv,
  metricTables,
  type Published,
  tablesLatex,
  tablesMarkdown,
} from "./benchmark/tables.js";
export { betaBinomialTail, clopperPearson, type ShareInterval } from "./calibration/beta.js";
export { conformalP, falseAlarms } from "./calibration/conformal.js";
export { leaveOneOut } from "./calibration/leave-one-out.js";
export { outlinesOf, type Polygon } from "./calibration/outline.js";
export type { VerdictFacts } from "./calibration/settings.js";
export { doubtText, findsText, missesMany, type Tried } from "./calibration/text.js";
export {
  type BestMatch,
  type Detection,
  type FitImagesOptions,
  type FitOptions,
  type Grid,
  type Known,
  type MatchMap,
  type ScoreMap,
  scoreViews,
  variantsOf,
} from "./detector.js";
export {
  type FactName,
  type ImageFacts,
  imageFacts,
  type PixelFacts,
  pixelFacts,
  regionFacts,
} from "./drift/facts.js";
export {
  DRIFT_CAUSES,
  DRIFT_PROMISE,
  type DriftBaseline,
  type DriftCause,
  DriftMonitor,
  type DriftState,
  type DriftTest,
} from "./drift/monitor.js";
export { driftText, unfollowedText } from "./drift/text.js";
export { byteCache } from "./encoder/byte-cache.js";
export { CachedEncoder } from "./encoder/cached-encoder.js";
export { type AddOptions, FeatureStore, type FeatureStoreOptions } from "./encoder/feature-store.js";
export type { EncodedBatch, Features } from "./encoder/features.js";
export { type EncodedPrompt, encodePrompts } from "./encoder/prompts.js";
export { selectTaps } from "./encoder/select.js";
export { type ClassDraw, classDraws } from "./evaluation/class-draws.js";
export { type EvaluateOptions, evaluate, evaluateAll, type Scoring } from "./evaluation/evaluate.js";
export { imageAuroc } from "./evaluation/image-auroc.js";
export { joinDraws } from "./evaluation/join-draws.js";
export { limitTest } from "./evaluation/limit.js";
export { type LineResult, type LineRow, lineResult, lineRows } from "./evaluation/line.js";
export { detectorSettings } from "./evaluation/settings.js";
export { type Spread, spreadOf, summarize } from "./evaluation/summary.js";
export type {
  CategoryResult,
  Draw,
  Evaluation,
  LineRequest,
  Metrics,
  ScoredDraw,
} from "./evaluation/types.js";
export { openSealed, type SealedFile, writeSealed } from "./files/sealed.js";
export { readSealed, sealLine } from "./files/sealed-lines.js";
export { TensorCache, type TensorCacheOptions } from "./files/tensor-cache.js";
export { type DrawnHeatmaps, drawHeatmaps } from "./heatmap/draw-heatmaps.js";
export { MapStore, storedMaps } from "./heatmap/map-store.js";
export { renderPanel } from "./heatmap/panel.js";
export { pictureNames } from "./heatmap/picture-names.js";
export { PromptAlbum } from "./heatmap/prompt-album.js";
export { renderHeatmap } from "./heatmap/render.js";
export { type Augmentation, symmetriesOf, type View } from "./images/augmentation.js";
export { DecodePool, decodeThreads } from "./images/decode-pool.js";
export { FEW_SHOT, fewShotSamples, listFewShot } from "./images/few-shot.js";
export { comparedTiles, POSITIONS, type Positions, type TilePlaces } from "./images/positions.js";
export { type RegionRequest, readRegion } from "./images/read-region.js";
export { type ImageRegion, packRegion, patchesInside, regionOf, regionOfBox } from "./images/region.js";
export { pixelHash } from "./images/sample-hash.js";
export { memoryImage } from "./images/source.js";
export {
  type MeasuredWindow,
  measureWindow,
  Strays,
  throughOneWindow,
  type WindowRequest,
} from "./images/window.js";
export { amendBank, type BankEntries } from "./matcher/amend.js";
export { bankInfo, readBank, readingOf, type TileSizes, writeBank } from "./matcher/bank-file.js";
export type { BankInfo } from "./matcher/bank-info.js";
export { type BankCheck, type CheckedPrompt, checkBank } from "./matcher/check-bank.js";
export { type Coverage, type CoverOptions, type CoverStep, coverPool } from "./matcher/coverage.js";
export { type BankDescription, describeBank } from "./matcher/describe-bank.js";
export { matchPatches } from "./matcher/match.js";
export { averageNeighbours } from "./matcher/neighbours.js";
export type { BankOpening } from "./matcher/opening.js";
export type { PatchMethod, PatchOutput, PatchScoring } from "./matcher/patch-detector.js";
export { type MethodInput, PRESETS, type Preset, type Trained, type TrainJob } from "./method/method.js";
export type { MethodOption, MethodOptions, OptionValues } from "./method/options.js";
export { type Interval, type PairedScores, pairedBootstrap } from "./metrics/bootstrap.js";
export { precisionRecallCurve, rocCurve } from "./metrics/curves.js";
export { auroc, averagePrecision, f1Max, type ScoreMetrics, scoreMetrics } from "./metrics/metrics.js";
export { pixelMetrics } from "./metrics/pixel.js";
export { hashedImage, hashedParameters } from "./parity/hashed.js";
export * as parity from "./parity/index.js";
export type { ParityCheck, ParityReport } from "./parity/report.js";
export { type CsvCell, csvLine } from "./report/csv.js";
export type { RunFacts } from "./report/facts.js";
export { lineNote, lineTable } from "./report/line-table.js";
export type { Shown } from "./report/pictures.js";
export { tableRows } from "./report/table.js";
export { writeReport, writeResults } from "./report/write.js";
export { COCO_CATEGORIES, cocoImage, labelStudioTask } from "./results/annotations.js";
export {
  type CalibrationRecord,
  type GridSize,
  gridSide,
  type MatchRecord,
  recordJson,
  type ScoreRecord,
  scoreRecord,
  type VerdictRecord,
} from "./results/record.js";
export { type Check, finite, fits, listOf, mapOf, parseJson, text } from "./shape.js";
export type { Moments } from "./subspace/moments.js";
export { principalSubspace } from "./subspace/principal.js";
export { type Ensemble, promptTexts } from "./text/prompts.js";
export {
  classPrototypes,
  LOGIT_SCALE,
  type PromptForm,
  prototypesFromIds,
  type TextAverage,
  textScore,
} from "./text/prototypes.js";
export type { TextTower, TowerOptions } from "./text/text-source.js";
export * from "./training/index.js";
export * from "./web.js";
