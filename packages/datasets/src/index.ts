/* All of the package: what pages have as well (`shared.ts`), and what needs Node. */

export { writeFileAtomic } from "@inctrl/tensor/files";
export { crc32 } from "./decode/png.js";
export { encodePng, type Picture } from "./encode/png.js";
export { type DatasetErrorCode, systemCode } from "./errors.js";
export { type ExportOptions, type ExportReport, exportDataSet } from "./export/export.js";
export { drawPrompts, permutation, trainTestSplit } from "./folder/draw.js";
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
export { depthOf, type ImageHeader } from "./raster.js";
export { CIFAR10_CLASSES } from "./sets/cifar10.js";
export { readProductSet } from "./sets/class-folders.js";
export { type DatasetFormat, type FormatOptions, readChoice, readWholeNumber } from "./sets/format.js";
export { FORMATS } from "./sets/formats.js";
export { type DataSet, type Mask, type Sample, type Skipped, skippedBy } from "./sets/model.js";
export { liesBelow, some } from "./sets/names.js";
export { cropRaster, hasDefect, invertedText, marksMost } from "./sets/pixels.js";
export { readSetAs } from "./sets/reading.js";
export { withoutMask } from "./sets/samples.js";
export { type DataSpec, openDataSet, parseDataSpec } from "./sets/spec.js";
export * from "./shared.js";
export { grouped, printable } from "./text.js";
