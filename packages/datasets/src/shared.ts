/* What Node and pages both have of images: decoding, and what is said of them. */
export {
  type DecodeOptions,
  decodeImage,
  decodeSamples,
  imageHeader,
  type Reading,
} from "./decode/decode.js";
export { depthText, isPlain, type PixelWindow, type Window, windowText } from "./decode/window.js";
export { DatasetError, ImageError, type ImageErrorCode } from "./errors.js";
export { hashFile } from "./folder/hash.js";
export { type Depth, type Raster, type RasterMode, SAMPLES, type Samples, toRGB } from "./raster.js";
export type { Box, Category, Source } from "./sets/model.js";
export { readAs } from "./sets/reading.js";
export { promptCandidates } from "./sets/samples.js";
export { type Sha256, sha256 } from "./sha256.js";
export { count, nearestName, oneLine } from "./text.js";
