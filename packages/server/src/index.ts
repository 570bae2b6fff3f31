export { ServerError, type ServerErrorCode } from "./errors.js";
export { type MqttOptions, mqtt } from "./sinks/mqtt.js";
export { type Breaker, Sender, type SenderOptions, type Sink, tellSinks } from "./sinks/sender.js";
export { type WebhookOptions, webhook } from "./sinks/webhook.js";
export { DriftLog } from "./watch/drift-log.js";
export { Ledger, type LedgerEntry } from "./watch/ledger.js";
export type { PlacedPart, Scorer, WatchCounts, WatchOptions } from "./watch/options.js";
export { watchFolder } from "./watch/watch-folder.js";
