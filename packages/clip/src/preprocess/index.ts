export type { Filter } from "./filters.js";
export type { Fit } from "./fit.js";
export { normalizePixels, type PixelConfig, type PreparedImage, prepareImage } from "./prepare.js";
export type { RasterImage } from "./raster.js";
