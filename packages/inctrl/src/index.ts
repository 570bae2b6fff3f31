export { COMPONENTS, type Component, type InctrlOptions, inctrl } from "./detectors/inctrl.js";
export {
  DETECTOR_NAMES,
  DETECTORS,
  type DetectorName,
  type DetectorOptions,
  openDetector,
} from "./detectors/index.js";
export { type ResidualOptions, residual } from "./detectors/residual.js";
export { InctrlError, type InctrlErrorCode } from "./errors.js";
export { type Fusion, fuse, type HeadFunctions, type HeadInputs } from "./fusion.js";
export { type HeadsForm, HeadsModule, makeHeads } from "./head-modules.js";
export { Heads, isHeadName } from "./heads.js";
export { type FullSizeOptions, runFullSizeParity } from "./parity/full-size.js";
export { runParity } from "./parity/parity.js";
export type { ParityCheck, ParityReport } from "./parity/report.js";
export { type Aggregate, aggregateMap, patchResidual, residualMap } from "./residual.js";
export { shippedHeads } from "./shipped.js";
export * from "./training/index.js";
