export * from "@inctrl/detect";
export { type Aggregate, COMPONENTS, type Component } from "./evaluation/components.js";
export {
  type EvaluateOptions,
  evaluate,
  evaluateWays,
  type SharedOptions,
  type Way,
} from "./evaluation/evaluate.js";
export { type Spread, type SummaryRow, spreadOf, summarize } from "./evaluation/summary.js";
export type { CategoryResult, Draw, Evaluation, Metrics, Settings } from "./evaluation/types.js";
export { type HeadsForm, HeadsModule, makeHeads } from "./head-modules.js";
export { Heads, isHeadName } from "./heads.js";
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
