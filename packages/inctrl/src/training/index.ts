export { loadCheckpoint, type Resumable, type RunIdentity, saveCheckpoint } from "./checkpoint.js";
export { type GatherOptions, gatherData, type HoldOut, type TrainingData } from "./data.js";
export { type FocalOptions, focalLoss, type LossForm } from "./focal.js";
export { type Curve, drawLossCurve } from "./loss-curve.js";
export { type EpochRecord, MetricsLog, type StepRecord } from "./metrics-log.js";
export { crossCategoryNegatives } from "./negatives.js";
export { type Comparison, type PairMemory, type PairOptions, PairResiduals } from "./pairs.js";
export { RUN_FILES, type RunOptions, type RunResult, trainRun } from "./run.js";
export { type Query, Sampler, type SamplerOptions, type TrainingItem } from "./sampler.js";
export {
  DivergedError,
  type OptimizerName,
  type StepReport,
  TRAIN_DEFAULTS,
  Trainer,
  type TrainOptions,
} from "./trainer.js";
