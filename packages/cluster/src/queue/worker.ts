import { hostname } from "node:os";
import { type Chunk, readChunks, readImages } from "../run/manifest.js";
import { chunkName, pieceFile, resultFile } from "../run/names.js";
import { type Row, writePiece, writeRows } from "../run/rows.js";
import { type Run, readRun } from "../run/run-file.js";
import { type ChunkScorer, scoreWorks, type Work } from "../shards/score-chunk.js";
import { Watchdog, type WatchdogOptions } from "../shards/watchdog.js";
import type { Store } from "../store/store.js";
import { joinChunk, keepDead } from "./dead.js";
import { type Held, Jobs } from "./jobs.js";
import type { Message } from "./message.js";
import { type Metrics, serveMetrics } from "./metrics.js";
import { openQueue } from "./queue.js";
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

/** Milliseconds that the next job is waited for while the device works: what comes later waits for the device to end. */
const READY_MS = 1000;

interface OpenRun {
  readonly store: Store;
  readonly run: Run;
  readonly chunks: readonly Chunk[];
  readonly scorer: ChunkScorer;
  close(): Promise<void>;
}

/** A job whose images are known. */
interface Taken extends Work {
  readonly held: Held;
}

/**
 * Scores chunks of the queue until the signal aborts, and then the one in hand to its end. The next chunk is taken, and its images are
 * read, while the device has the last images of this one.
 *
 * @throws what opening a run or its scorer throws: the device or the weights are not what the run needs.
 */
export async function runWorker(options: ClusterWorkerOptions): Promise<void> {
  const { redis, signal, onNote, lockMs = 30_000 } = options;
  await using opened = await openQueue(redis, onNote);
  const { queue } = opened;
  await using metrics = options.metrics ? await serveMetrics(queue, options.metrics) : null;
  if (metrics) options.onMetrics?.(metrics.port);
  await using heart = new Heart(opened.redis, hostname());
  using watchdog = new Watchdog(options.watchdog);
  await using jobs = Jobs.open({
    ...{ redis, lockMs, onNote },
    onFailed(job, error) {
      onNote(`${job.id}: ${error.message}`);
      return keepDead(queue, options.openStore, job, error);
    },
  });
  const worker = new ClusterWorker(options, jobs, { watchdog, heart, metrics });
  const stopped = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  try {
    for (let next: Held | null = null; !signal.aborted; ) {
      const held: Held | null = next ?? (await Promise.race([jobs.take(), stopped]));
      next = held && (await worker.work(held));
    }
  } finally {
    await jobs.giveBackAll();
    await worker.close();
  }
}

class ClusterWorker {
  readonly #options: ClusterWorkerOptions;
  readonly #jobs: Jobs;
  readonly #watchdog: Watchdog;
  readonly #heart: Heart;
  readonly #metrics: Metrics | null;
  #open: OpenRun | null = null;

  constructor(
    options: ClusterWorkerOptions,
    jobs: Jobs,
    { watchdog, heart, metrics }: { watchdog: Watchdog; heart: Heart; metrics: Metrics | null },
  ) {
    this.#options = options;
    this.#jobs = jobs;
    this.#watchdog = watchdog;
    this.#heart = heart;
    this.#metrics = metrics;
  }

  async close(): Promise<void> {
    await this.#open?.close();
    this.#open = null;
  }

  /** Scores a job, and those of its run that come while it does. @returns a job that was taken and is not one of these. */
  async work(first: Held): Promise<Held | null> {
    // A worker that cannot open the model would take every job of the run and fail it.
    const at = await this.#runOf(first.message.run).catch((error) => this.#end(first, error));
    const taken = await this.#taken(at, first);
    if (taken === null) return null;
    const begun: Held[] = [];
    let other: Held | null = null;
    const works = async function* (this: ClusterWorker) {
      begun.push(first);
      yield taken;
      // One that may end its worker is scored alone, so that no other is blamed.
      for (let last = first; !last.suspect && !this.#options.signal.aborted; ) {
        const held = await this.#jobs.ready(READY_MS);
        if (held === null) return;
        if (held.suspect || held.message.run !== at.run.name) {
          other = held;
          return;
        }
        const next = await this.#taken(at, held);
        if (next === null) continue;
        begun.push(held);
        last = held;
        yield next;
      }
    };
    try {
      await this.#score(at, works.call(this), begun);
    } catch (error) {
      // A bad image is a row. What is thrown is of the device, which would fail every job that this worker takes.
      await this.#end(begun[0] ?? first, error);
    }
    return other;
  }

  async #end(held: Held, error: unknown): Promise<never> {
    await held.fail(error as Error);
    throw error;
  }

  async #score(at: OpenRun, works: AsyncIterable<Taken>, begun: Held[]): Promise<void> {
    const { signal } = this.#options;
    const onBeat = () => this.#watchdog.beat();
    let since = performance.now();
    this.#watchdog.start(at.scorer.quietMs);
    try {
      for await (const { work, rows } of scoreWorks(at.scorer, works, { onBeat })) {
        // The disk or the bucket may be slow; the device waits.
        this.#watchdog.stop();
        begun.shift();
        await this.#finish(at, work, rows, (performance.now() - since) / 1000);
        if (signal.aborted) return;
        since = performance.now();
        this.#watchdog.start(at.scorer.quietMs);
      }
    } finally {
      this.#watchdog.stop();
    }
  }

  /** Writes the rows of a job. What cannot be written is tried again later. */
  async #finish(at: OpenRun, { held }: Taken, rows: readonly Row[], seconds: number): Promise<void> {
    const { message } = held;
    const { first, index } = message;
    const { model, device } = at.scorer;
    try {
      if (first === undefined)
        await writeRows(at.store, at.run, at.chunks[index], rows, { model, device, seconds });
      else await writePiece(at.store, at.run, { chunk: index, first }, rows, at.scorer);
      if (first !== undefined) await joinChunk(at, index);
    } catch (error) {
      return await held.fail(error as Error);
    }
    await held.complete();
    const counts = { images: rows.length, failed: rows.filter((row) => "error" in row).length, seconds };
    this.#heart.done({ run: message.run, chunk: chunkName(index), ...counts });
    this.#metrics?.done(counts);
    this.#options.onChunk?.(at.run, counts);
  }

  /** The images of a job; null where it is done already, or cannot be read. */
  async #taken(at: OpenRun, held: Held): Promise<Taken | null> {
    try {
      if (!(await isDone(at, held.message)))
        return { held, images: await readImages(at.store, held.message) };
      await held.complete();
    } catch (error) {
      await held.fail(error as Error);
    }
    return null;
  }

  async #runOf(name: string): Promise<OpenRun> {
    if (this.#open?.run.name === name) return this.#open;
    await this.close();
    this.#open = await openRun(this.#options, name);
    return this.#open;
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
async function isDone(at: OpenRun, { index, first, count }: Message): Promise<boolean> {
  const isThere = async (name: string) => (await at.store.slice(name, 0, 1).catch(() => [])).length > 0;
  if (await isThere(resultFile(index))) return true;
  if (first === undefined || !(await isThere(pieceFile(index, first, count)))) return false;
  await joinChunk(at, index);
  return true;
}
