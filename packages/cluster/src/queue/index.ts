export { type Message, QUEUE } from "./message.js";
export { type Rows, serveStatus } from "./page.js";
export { addMessages, messagesOf, type OpenedQueue, openQueue } from "./queue.js";
export { hasPassword, type RedisPlace, type RedisSecrets, readRedis } from "./redis.js";
export { type RunStatus, retryDead, statusOf } from "./status.js";
export { type ClusterWorkerOptions, runWorker, type WorkerRun } from "./worker.js";
export type { WorkerState } from "./workers.js";
