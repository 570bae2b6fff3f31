import { hostname } from "node:os";
import { type Job, Worker } from "bullmq";
import { type Chunk, linesOf, readChunks, readImages } from "../run/manifest.js";
import { chunkName, partFile, pieceFile, resultFile } from "../run/names.js";
import { joinPieces, writePiece, writeRows } from "../run/rows.js";
import { type Run, readRun } from "../run/run-file.js";
import { type ChunkScorer, scoreImagesOf } from "../shards/score-chunk.js";
import { Watchdog, type WatchdogOptions } from "../shards/watchdog.js";
import type { Store } from "../store/store.js";
import { checkMessage, type Message, QUEUE, splitMessage } from "./message.js";
import { serveMetrics } from "./metrics.js";
import { addMessages, openQueue } from "./queue.js";
import type { RedisPlace } from "./redis.js";
import { Heart } from "./workers.js";

/** A run that a worker has open. */
export interface WorkerRun {
  readonly scorer: ChunkScorer;
  close(): Promise<void>;
}

export interface ClusterWorkerOptions {
  readonly redis: RedisPlace;
  /** The store of a run by its name. */
  openStore(run: string): Promise<Store>;
  /** Opens what scores a run. One is open at a time. */
  openScorer(store: Store, run: Run): Promise<WorkerRun>;
  /** Ends the worker after the chunk in hand. */
  readonly signal: AbortSignal;
  readonly watchdog: WatchdogOptions;
  readonly onNote: (text: string) => void;
  /** Told of each chunk that is written, with its images and those that could not be scored. */
  readonly onChunk?: (run: Run, counts: { images: number; failed: number; seconds: number }) => void;
  /** Where Prometheus asks; nowhere by default. */
  readonly metrics?: { readonly host: string; readonly port: number };
  /** Told where metrics are served. */
  readonly onMetrics?: (port: number) => void;
  /** Milliseconds for which a job is a silent worker's. Default 30 s. */
  readonly lockMs?: number;
}

/** Times that a chunk may end its worker. */
const STALLS = 3;

interface OpenRun {
  readonly store: Store;
  readonly run: Run;
  readonly chunks: readonly Chunk[];
  readonly scorer: ChunkScorer;
  close(): Promise<void>;
}

/** Scores chunks of the queue until the signal aborts, and then the one in hand to its end. */
export async function runWorker(options: ClusterWorkerOptions): Promise<void> {
  const { redis, signal, onNote, lockMs = 30_000 } = options;
  await using opened = await openQueue(redis, onNote);
  const { queue } = opened;
  await using metrics = options.metrics ? await serveMetrics(queue, options.metrics) : null;
  if (metrics) options.onMetrics?.(metrics.port);
  await using heart = new Heart(opened.redis, hostname());
  using watchdog = new Watchdog(options.watchdog);
  let open: OpenRun | null = null;
  let fatal: (error: unknown) => void = () => {};
  const broken = new Promise<never>((_, reject) => {
    fatal = reject;
  });
  broken.catch(() => {});
  const runOf = async (name: string): Promise<OpenRun> => {
    if (open?.run.name === name) return open;
    await open?.close();
    open = null;
    try {
      open = await openRun(options, name);
    } catch (error) {
      // A worker that cannot open the model would take every job of the run and fail it.
      fatal(error);
      throw error;
    }
    return open;
  };

  const work = async (job: Job<Message>): Promise<void> => {
    const message = checkMessage(job.data);
    const at = await runOf(message.run);
    if (await isDone(at, message)) return;
    const begun = performance.now();
    const images = await readImages(at.store, message);
    watchdog.start(at.scorer.quietMs);
    try {
      const rows = await scoreImagesOf(at.scorer, images, { onBeat: () => watchdog.beat() }).catch(
        (error) => {
          // A bad image is a row. What is thrown is of the device, which would fail every job that this worker takes.
          fatal(error);
          throw error;
        },
      );
      const { first, index } = message;
      if (first === undefined) await writeRows(at.store, at.run, message, rows, at.scorer);
      else await writePiece(at.store, at.run, { chunk: index, first }, rows, at.scorer);
      if (first !== undefined) await join(at, index);
      const seconds = (performance.now() - begun) / 1000;
      const failed = rows.filter((row) => "error" in row).length;
      heart.done({ run: message.run, chunk: chunkName(index), images: rows.length, failed, seconds });
      metrics?.done({ images: rows.length, failed, seconds });
      options.onChunk?.(at.run, { images: rows.length, failed, seconds });
    } finally {
      watchdog.stop();
    }
  };

  const worker = new Worker<Message>(QUEUE, work, {
    connection: { ...redis.options, skipVersionCheck: true },
    ...{ lockDuration: lockMs, stalledInterval: lockMs, maxStalledCount: STALLS - 1, concurrency: 1 },
  });
  const noted = new Set<string>();
  worker.on("error", ({ message }) => {
    if (noted.has(message)) return;
    noted.add(message);
    onNote(`the queue: ${message}; it is tried again`);
  });
  const handling = new Set<Promise<void>>();
  worker.on("failed", (job, error) => {
    if (!job) return;
    const handled = dead(job as Job<Message>, error).catch((failed: Error) => onNote(failed.message));
    handling.add(handled);
    void handled.finally(() => handling.delete(handled));
  });

  /** Keeps what is known of a chunk that was given up, and splits it where that is asked for. */
  const dead = async (job: Job<Message>, error: Error): Promise<void> => {
    onNote(`${job.id}: ${error.message}`);
    if ((await job.getState()) !== "failed") return;
    const message = checkMessage(job.data);
    const store = await options.openStore(message.run);
    try {
      const told = {
        job: job.id,
        images: message.count,
        error: error.message,
        time: new Date().toISOString(),
      };
      await store.create(`failed/${job.id}.json`, new TextEncoder().encode(`${JSON.stringify(told)}\n`));
      if (message.split) await splitDead(store, message, job);
    } finally {
      store.close();
    }
  };

  const splitDead = async (store: Store, message: Message, job: Job<Message>) => {
    if (message.count > 1) await addMessages(queue, splitMessage(message, await lineBytes(store, message)));
    else {
      const [run, [image]] = await Promise.all([readRun(store), readImages(store, message)]);
      const rows = [{ image, error: `${image}: ended ${STALLS} workers that read it, and is left out` }];
      await writePiece(store, run, { chunk: message.index, first: message.first ?? 0 }, rows, {
        model: run.model,
        device: "none",
      });
      await join({ store, run, chunks: await readChunks(store) }, message.index);
    }
    await job.remove();
  };

  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    await Promise.race([stopped, broken]);
  } finally {
    await worker.close();
    await Promise.all(handling);
    await (open as OpenRun | null)?.close();
  }
}

async function openRun({ openStore, openScorer }: ClusterWorkerOptions, name: string): Promise<OpenRun> {
  const store = await openStore(name);
  try {
    const [run, chunks] = [await readRun(store), await readChunks(store)];
    const { scorer, close } = await openScorer(store, run);
    return { store, run, chunks, scorer, close: () => close().finally(() => store.close()) };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Whether a message's rows are written: a worker may have died between writing and telling the queue. */
async function isDone({ store, run, chunks }: OpenRun, { index, first, count }: Message): Promise<boolean> {
  if ((await store.slice(resultFile(index), 0, 1).catch(() => [])).length > 0) return true;
  if (first === undefined) return false;
  if ((await store.slice(pieceFile(index, first, count), 0, 1).catch(() => [])).length === 0) return false;
  await join({ store, run, chunks }, index);
  return true;
}

async function join(
  { store, run, chunks }: Pick<OpenRun, "store" | "run" | "chunks">,
  index: number,
): Promise<void> {
  const chunk = chunks[index];
  await joinPieces(store, run, chunk, await readImages(store, chunk));
}

/** Bytes of each line that a message names. */
export async function lineBytes(store: Store, { part, offset, bytes }: Message): Promise<number[]> {
  const content = await store.slice(partFile(part), offset, bytes);
  return linesOf(content).map((line) => Buffer.byteLength(line) + 1);
}
