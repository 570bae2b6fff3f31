export { cacheDir } from "./cache.js";
export { HUB_MODELS, type HubFile, type HubModel } from "./catalog.js";
export type { DownloadProgress } from "./download.js";
export { HubError, type HubErrorCode } from "./errors.js";
export { cachedPath, findHubModel, type PulledFile, type PullOptions, pull } from "./pull.js";
export { type ResolvedModel, resolveModel, weightsFile } from "./resolve.js";
export { SHIPPED_MODEL, shippedModel } from "./shipped.js";
