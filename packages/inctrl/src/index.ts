export { Backbone, type BackboneOptions, openBackbone, randomBackbone } from "./backbone.js";
export { type Prompt, PromptBank, type PromptRecord } from "./bank.js";
export { chooseBatch } from "./batch.js";
export { DecodePool, type DecodeTask, decodeThreads } from "./decode-pool.js";
export { InctrlError, type InctrlErrorCode } from "./errors.js";
export { type Aggregate, COMPONENTS, type Component } from "./evaluation/components.js";
export { type Point, precisionRecallCurve, rocCurve } from "./evaluation/curves.js";
export {
  type EvaluateOptions,
  evaluate,
  evaluateWays,
  type SharedOptions,
  type Way,
} from "./evaluation/evaluate.js";
export { type Spread, type SummaryRow, spreadOf, summarize } from "./evaluation/summary.js";
export type { CategoryResult, Draw, Evaluation, Metrics, Settings } from "./evaluation/types.js";
export { FEW_SHOT, fewShotSamples, listFewShot, readFewShot } from "./few-shot.js";
export { Heads, type HeadsForm } from "./heads.js";
export { inferno, type Scale, scaleOf } from "./heatmap/colormap.js";
export { type PatchView, renderPanel } from "./heatmap/panel.js";
export type { Box, RgbaImage, RgbImage } from "./heatmap/picture.js";
export { renderHeatmap } from "./heatmap/render.js";
export { auroc, averagePrecision, f1Max } from "./metrics/metrics.js";
export { type PixelMap, type PixelMetrics, pixelMetrics } from "./metrics/pixel.js";
export {
  type HeadFunctions,
  type HeadInputs,
  type ModelContext,
  type ModelOutput,
  runHeads,
  runModel,
} from "./model.js";
export { type FullSizeOptions, runFullSizeParity } from "./parity/full-size.js";
export type { ParityCheck, ParityReport } from "./parity/report.js";
export { runParity } from "./parity/tiny.js";
export { classPrototypes, prototypesFromIds, textScore } from "./prototypes.js";
export { patchResiduals, type Residuals } from "./residual.js";
export { Scorer, type ScorerOptions, type ViewScore } from "./scorer.js";
export { shippedHeads } from "./shipped.js";
export {
  decodeInput,
  hashInput,
  type ImageFailure,
  type ImageScore,
  prepareFile,
  readPrompts,
  type ScoreImagesOptions,
  scoreImages,
} from "./stream.js";
export * from "./training/index.js";
