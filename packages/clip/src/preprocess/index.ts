export type { Fit } from "./fit.js";
export { normalizePixels, type PreparedImage, prepareImage } from "./prepare.js";
export type { RasterImage } from "./raster.js";
