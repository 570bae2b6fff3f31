export type { CaptionedBatch } from "./data/batch.js";
export { orderOf, type Shown } from "./data/order.js";
export { type BatchSpec, Renderer } from "./data/renderer.js";
export { PretrainError, type PretrainErrorCode } from "./errors.js";
export { MODEL_FILES } from "./export.js";
export { initialParameters } from "./init.js";
export type { LossWeights } from "./loss/loss.js";
export { type ModelPlan, type PlanOptions, planModel } from "./plan.js";
export { Pretrainer, type PretrainOptions, type PretrainReport } from "./pretrainer.js";
export {
  PRETRAIN_FILES,
  type PretrainEvents,
  type PretrainSettings,
  pretrainRun,
  type StepRecord,
  type ValidationRecord,
} from "./run.js";
export { openValidationSet, type Validation, type ValidationSet, validate } from "./validation.js";
