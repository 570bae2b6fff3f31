import { setTimeout } from "node:timers/promises";
import { type JobsOptions, Queue } from "bullmq";
import { Redis } from "ioredis";
import { ClusterError } from "../errors.js";
import type { Chunk } from "../run/manifest.js";
import { jobId, type Message, QUEUE } from "./message.js";
import type { RedisPlace } from "./redis.js";

/** Jobs that wait at most: more would only fill Redis. */
const WAITING = 50_000;
/** Jobs that are added at once. */
const BATCH = 1000;
const WAIT_MS = 1000;

/** A job is kept until its chunk is written. Errors, such as a full disk, are tried again for some minutes. */
const JOB: JobsOptions = {
  ...{ removeOnComplete: true, removeOnFail: false, stackTraceLimit: 1 },
  ...{ attempts: 5, backoff: { type: "exponential", delay: 5000 } },
};

/** A connection to the queue, for those who submit and look. */
export interface OpenedQueue extends AsyncDisposable {
  readonly queue: Queue<Message>;
  readonly redis: Redis;
}

/**
 * Opens the queue.
 *
 * @param onNote told where Redis is set to forget jobs.
 * @throws ClusterError `redis` where Redis does not answer.
 */
export async function openQueue(place: RedisPlace, onNote: (text: string) => void): Promise<OpenedQueue> {
  const redis = new Redis({ ...place.options, lazyConnect: true });
  let last: Error | undefined;
  redis.on("error", (error) => {
    last = error;
  });
  const connected = await Promise.race([
    redis.connect().then(
      () => true,
      () => false,
    ),
    setTimeout(10_000, false),
  ]);
  if (!connected) {
    redis.disconnect();
    throw new ClusterError(
      "redis",
      `${place.shown}: Redis does not answer${last ? ` (${last.message})` : ""}; check that it runs`,
    );
  }
  await checkMemory(redis, place, onNote);
  const queue = new Queue<Message>(QUEUE, { connection: redis, skipVersionCheck: true } as never);
  queue.on("error", () => {});
  const close = async () => {
    await queue.close();
    redis.disconnect();
  };
  return { queue, redis, [Symbol.asyncDispose]: close };
}

/** A Redis that evicts keys loses jobs when its memory is full. */
async function checkMemory(
  redis: Redis,
  { shown }: RedisPlace,
  onNote: (text: string) => void,
): Promise<void> {
  const info = await redis.info("memory");
  const [, policy] = /^maxmemory_policy:(\S+)/m.exec(info) ?? [];
  if (policy !== undefined && policy !== "noeviction")
    onNote(
      `${shown}: maxmemory-policy is ${policy}, so that jobs may be dropped when memory is full; set noeviction`,
    );
}

/** Adds messages, and waits while many wait already. @returns how many were added. */
export async function addMessages(
  queue: Queue<Message>,
  messages: Iterable<Message>,
  { signal, waiting = WAITING }: { readonly signal?: AbortSignal; readonly waiting?: number } = {},
): Promise<number> {
  let added = 0;
  let batch: Message[] = [];
  const flush = async () => {
    while ((await queue.getWaitingCount()) > waiting) {
      if (signal?.aborted) return;
      await setTimeout(WAIT_MS);
    }
    await queue.addBulk(batch.map((data) => ({ name: "chunk", data, opts: { ...JOB, jobId: jobId(data) } })));
    added += batch.length;
    batch = [];
  };
  for (const message of messages) {
    if (signal?.aborted) break;
    batch.push(message);
    if (batch.length === BATCH) await flush();
  }
  if (batch.length > 0 && !signal?.aborted) await flush();
  return added;
}

/** The messages of a run's chunks. */
export function* messagesOf(run: string, chunks: Iterable<Chunk>): Generator<Message> {
  for (const chunk of chunks) yield { run, ...chunk };
}
