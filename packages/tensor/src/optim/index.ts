export { clipGradients } from "./clip.js";
export {
  Adam,
  type AdamOptions,
  AdamW,
  Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  SGD,
} from "./optimizer.js";
export { constant, cosine, type Schedule, warmup } from "./schedule.js";
