export type { CaptionedBatch } from "./data/batch.js";
export { PretrainError, type PretrainErrorCode } from "./errors.js";
export { MODEL_FILES } from "./export.js";
export type { LossWeights } from "./loss/loss.js";
export { type ModelPlan, type PlanOptions, planModel } from "./plan.js";
export { Pretrainer, type PretrainOptions, type PretrainReport } from "./pretrainer.js";
export {
  type PretrainEvents,
  type PretrainSettings,
  pretrainRun,
  type StepRecord,
  type ValidationRecord,
} from "./run.js";
export type { Validation } from "./validation.js";
