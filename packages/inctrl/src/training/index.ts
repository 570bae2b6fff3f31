export { type RunIdentity, TrainingState } from "./checkpoint.js";
export { gatherData, type TrainingData } from "./data.js";
export { crossCategoryNegatives } from "./negatives.js";
export { PairResiduals } from "./pairs.js";
export { type EpochRecord, RUN_FILES, type RunOptions, type RunResult, trainRun } from "./run.js";
export { RunFiles } from "./run-files.js";
export type { Query, TrainingItem } from "./sampler.js";
export { TRAIN_DEFAULTS, Trainer, type TrainOptions } from "./trainer.js";
