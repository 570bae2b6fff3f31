/*
 * What a page needs of a detector: a backbone from memory, fitting, scoring, banks, calibration and maps. Published as
 * `@inctrl/detect/web`; a bundle of it for browsers holds nothing of Node. A path names a file in memory there (`holdFile`).
 */
export { type Backbone, patchesOf, sharedLayout, type Tap } from "./backbone/backbone.js";
export { type LoadBackboneOptions, loadBackbone } from "./backbone/load-backbone.js";
export { VitBackbone } from "./backbone/vit-backbone.js";
export { type CalibrationStatus, type Line, lineOf } from "./calibration/conformal.js";
export { type Peak, peakOf, promptsAlone } from "./calibration/leave-one-out.js";
export {
  CALIBRATION_DEFAULTS,
  type CalibratedJudge,
  type Calibration,
  calibrationEntry,
  type Found,
  foundOf,
  type GoodImage,
  judgeOf,
  readCalibration,
} from "./calibration/record.js";
export { type Region, regionsAbove } from "./calibration/regions.js";
export { verdictSettings } from "./calibration/settings.js";
export { promiseText } from "./calibration/text.js";
export { type Judged, judge, type Verdict } from "./calibration/verdict.js";
export {
  bestMatch,
  type Detector,
  type FittedDetector,
  fitImages,
  type ViewScore,
} from "./detector.js";
export { Encoder, type EncoderOptions } from "./encoder/encoder.js";
export { DetectError, type DetectErrorCode } from "./errors.js";
export { anchoredScale, inferno, type Scale, scaleOf } from "./heatmap/colormap.js";
export { mergeViews, type PlacedMap } from "./heatmap/merge.js";
export { type Photo, patchBox, photoOf } from "./heatmap/photo.js";
export { colourMap } from "./heatmap/render.js";
export { fileImage, fileImages, type ImageItem, type ImageSource } from "./images/source.js";
export { symmetricPixels } from "./images/symmetries.js";
export { PromptBank } from "./matcher/bank.js";
export { type BankFit, readBankFit } from "./matcher/bank-file.js";
export type { PromptRecord } from "./matcher/bank-info.js";
export { matchBank } from "./matcher/match.js";
export { openingEntry } from "./matcher/opening.js";
export { patchDetector } from "./matcher/patch-detector.js";
export { defineMethod, type Method, readOptions } from "./method/method.js";
export * as option from "./method/options.js";
export { meanOf } from "./metrics/metrics.js";
export { type ImageFailure, type ImageScore, scoreImages } from "./score-images.js";
export { joinMoments, momentsOf } from "./subspace/moments.js";
export {
  loadedSubspace,
  type PatchSubspace,
  storedSubspace,
  subspaceDistances,
  subspaceOf,
  subspaceShapes,
} from "./subspace/subspace.js";
