export { writeFileAtomic } from "@inctrl/tensor/files";
export {
  type DecodeOptions,
  decodeImage,
  decodeSamples,
  imageHeader,
  type Reading,
} from "./decode/decode.js";
export { crc32 } from "./decode/png.js";
export { depthText, isPlain, type PixelWindow, type Window, windowText } from "./decode/window.js";
export { encodePng, type Picture } from "./encode/png.js";
export {
  DatasetError,
  type DatasetErrorCode,
  ImageError,
  type ImageErrorCode,
  systemCode,
} from "./errors.js";
export { type ExportOptions, type ExportReport, exportDataSet } from "./export/export.js";
export { drawPrompts, permutation, trainTestSplit } from "./folder/draw.js";
export { hashFile } from "./folder/hash.js";
export { type FindOptions, type FoundImages, findImages, whichFile } from "./folder/inputs.js";
export { type LeftOut, leftOutText, NOT_ENTERED } from "./folder/left-out.js";
export { type Listing, type ListOptions, listImages, readListing } from "./folder/list.js";
export { pythonSample } from "./folder/python-sample.js";
export {
  type CategoryReport,
  type DataSetReport,
  type Duplicates,
  type InspectOptions,
  inspectDataSet,
  type MaskReport,
  type SizeCount,
} from "./inspect/inspect.js";
export { PROMPT_STATES } from "./prompt-states.js";
export {
  type Depth,
  depthOf,
  type ImageHeader,
  type Raster,
  type RasterMode,
  SAMPLES,
  type Samples,
  toRGB,
} from "./raster.js";
export { CIFAR10_CLASSES } from "./sets/cifar10.js";
export { readProductSet } from "./sets/class-folders.js";
export {
  type DatasetFormat,
  type FormatOptions,
  readChoice,
  readWholeNumber,
} from "./sets/format.js";
export { FORMATS } from "./sets/formats.js";
export {
  type Box,
  type Category,
  type DataSet,
  type Mask,
  type Sample,
  type Skipped,
  type Source,
  skippedBy,
} from "./sets/model.js";
export { liesBelow, some } from "./sets/names.js";
export { cropRaster, hasDefect, invertedText, marksMost } from "./sets/pixels.js";
export { readAs, readSetAs } from "./sets/reading.js";
export { promptCandidates, withoutMask } from "./sets/samples.js";
export { type DataSpec, openDataSet, parseDataSpec } from "./sets/spec.js";
export { type Sha256, sha256 } from "./sha256.js";
export { count, grouped, nearestName, oneLine, printable } from "./text.js";
