export { ClusterError, type ClusterErrorCode } from "./errors.js";
export { type Chunk, type Manifest, readChunks, readImages, writeManifest } from "./run/manifest.js";
export { gathered, type Merged, mergeRows, missingChunks } from "./run/merge.js";
export { checkRunName, chunkName, chunkOf } from "./run/names.js";
export { type EarlierRate, earlierRate } from "./run/rate.js";
export { type Failure, finishedChunks, type Row, type Scored, writeRows } from "./run/rows.js";
export { createRun, findRun, type Run, type RunFacts, readRun } from "./run/run-file.js";
export {
  type ChunkScorer,
  type ShardCounts,
  scoreShard,
  scoreWorks,
  type Work,
} from "./shards/score-chunk.js";
export { readShard, type Shard } from "./shards/shard.js";
export { Watchdog, type WatchdogOptions } from "./shards/watchdog.js";
export { folderStore } from "./store/folder-store.js";
export { isS3, openObjects, openStore } from "./store/open-store.js";
export { type ObjectPlace, parseS3 } from "./store/s3-address.js";
export type { Objects } from "./store/s3-client.js";
export type { ObjectWriter, Store } from "./store/store.js";
