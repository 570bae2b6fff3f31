export {
  type CheckOptions,
  checkKeys,
  type KeyReport,
  parameterReader,
  readParameter,
  requireKeys,
} from "./check.js";
export { type ChosenConfig, chooseConfig } from "./choose.js";
export { requireFinite } from "./finite.js";
export { inferConfig } from "./infer.js";
export { inspectWeights, type WeightsReport } from "./inspect.js";
export { openCheckpoint } from "./open.js";
export { type Grid, positionMatrix, resizePositional } from "./positional.js";
export { type OpenOptions, openWeights, type Weights } from "./weights.js";
