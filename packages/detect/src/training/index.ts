export { type RunIdentity, TrainingState } from "./checkpoint.js";
export { gatherData, type TrainingData, textKey, trainedOn } from "./data.js";
export { DivergedError, TrainingError, type TrainingErrorCode } from "./errors.js";
export { type HoldOut, type HoldOutEpoch, heldOut, judgeHoldOut } from "./hold-out.js";
export { type RunLengths, type RunPlace, runEpochs, type StepLine, type Training } from "./loop.js";
export { crossCategoryNegatives } from "./negatives.js";
export { COMMON_FILES, RunFiles } from "./run-files.js";
export { type Query, Sampler, type SamplerOptions, type TrainingItem } from "./sampler.js";
