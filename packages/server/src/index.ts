export { ServerError, type ServerErrorCode } from "./errors.js";
export { DriftLog } from "./watch/drift-log.js";
export { Ledger, type LedgerEntry } from "./watch/ledger.js";
export {
  type PlacedPart,
  type Scorer,
  type WatchCounts,
  type WatchOptions,
  watchFolder,
} from "./watch/watcher.js";
