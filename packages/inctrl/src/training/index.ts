export { PairResiduals } from "./pairs.js";
export { type EpochRecord, RUN_FILES, type RunOptions, type RunResult, trainRun } from "./run.js";
export { TRAIN_DEFAULTS, Trainer, type TrainOptions } from "./trainer.js";
