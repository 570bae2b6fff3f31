import { chunkOf } from "../run/names.js";
import { finishedChunks } from "../run/rows.js";
import { readRun } from "../run/run-file.js";
import type { Store } from "../store/store.js";
import { lineBytes } from "./dead.js";
import { checkMessage, type Message, splitMessage } from "./message.js";
import { addMessages, type OpenedQueue } from "./queue.js";
import { liveWorkers, type WorkerState } from "./workers.js";

/** What the queue says, and what the files say. */
export interface RunStatus {
  readonly run: string;
  readonly images: number;
  readonly chunks: number;
  /** Chunks that have a result. */
  readonly done: number;
  readonly queue: {
    readonly waiting: number;
    readonly active: number;
    readonly delayed: number;
    readonly failed: number;
  };
  readonly workers: readonly WorkerState[];
  /** Images a second of the workers that live. */
  readonly rate: number;
  /** Null while nothing is known of the rate. */
  readonly secondsLeft: number | null;
}

export async function statusOf(store: Store, { queue, redis }: OpenedQueue): Promise<RunStatus> {
  const run = await readRun(store);
  const done = (await finishedChunks(store, chunkOf)).size;
  const {
    waiting = 0,
    active = 0,
    delayed = 0,
    failed = 0,
  } = await queue.getJobCounts("waiting", "active", "delayed", "failed");
  const workers = (await liveWorkers(redis)).filter((worker) => worker.run === "" || worker.run === run.name);
  const rate = workers.reduce((sum, worker) => sum + worker.rate, 0);
  const left = Math.max(0, run.images - done * run.chunk);
  return {
    ...{ run: run.name, images: run.images, chunks: run.chunks, done },
    ...{ queue: { waiting, active, delayed, failed }, workers, rate },
    secondsLeft: left === 0 ? 0 : rate > 0 ? left / rate : null,
  };
}

/** Puts the dead letters of a run back, or the parts of each. @returns how many jobs there are now. */
export async function retryDead(
  store: Store,
  name: string,
  { queue }: OpenedQueue,
  split: boolean,
): Promise<number> {
  const again: Message[] = [];
  for (const job of await queue.getFailed(0, -1)) {
    const message = checkMessage(job.data);
    if (message.run !== name) continue;
    // A job that is added anew has no stalls behind it.
    await job.remove();
    if (split && message.count > 1) again.push(...splitMessage(message, await lineBytes(store, message)));
    else again.push({ ...message, ...(split && { first: message.first ?? 0, split: true as const }) });
  }
  return await addMessages(queue, again);
}
