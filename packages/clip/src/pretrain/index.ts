export type { CaptionedBatch } from "./batch.js";
export { firstParameters } from "./first.js";
export { type LossWeights, pretrainLoss } from "./loss.js";
export { type BatchTexts, batchTexts } from "./texts.js";
export { Pretrainer, type PretrainOptions, type PretrainReport, uploadPixels } from "./trainer.js";
