import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ImageError, type Raster, type Reading } from "@inctrl/datasets";
import { type HeatmapDrawing, heatmapPng } from "../heatmap/heatmap-png.js";
import { type PreparedViews, prepareViews, type Unresized, type ViewOptions } from "./prepared.js";
import type { FilePart } from "./read-source.js";
import { type ImageItem, naming } from "./source.js";

/** An image file in memory, and the name that errors use. */
export interface MemoryPart {
  readonly bytes: Uint8Array;
  readonly label: string;
  readonly reading?: Reading;
}

/** What a thread is asked for: an image as the model sees it, or as a PNG under its map. */
export interface DecodeTask {
  readonly part: FilePart | MemoryPart;
  readonly make: { readonly views: ViewOptions } | { readonly heatmap: HeatmapDrawing };
}

/** What was made, or what a device makes it of; null where the image could not be read. */
export interface DecodeAnswer {
  readonly made: PreparedViews | Unresized | Uint8Array | null;
  /** Why a file in memory is no image. */
  readonly refused?: Pick<ImageError, "code" | "problem" | "mend">;
}

/** What a thread can read itself. */
function partOf({ id, source, bytes, reading }: ImageItem): DecodeTask["part"] | undefined {
  if (bytes) return { bytes, label: id, reading };
  return source && source.record === undefined ? { ...source, reading } : undefined;
}

interface Job {
  readonly task: DecodeTask;
  done(answer: DecodeAnswer): void;
}

/** One device's images do not keep more threads busy. */
const MAX_THREADS = 8;

/**
 * How many threads decode by default: none on a software adapter, whose kernels use every core already; elsewhere one for each
 * core but the main thread's, 8 at most.
 */
export function decodeThreads(software: boolean, cores = availableParallelism()): number {
  return software ? 0 : Math.max(0, Math.min(MAX_THREADS, cores - 1));
}

/**
 * Decodes images in threads, one a thread at a time, and resizes them or draws on them there. With 0 threads the calling thread does it. Results
 * and errors are the same either way. Images without a file of their own, on disk or in memory, are decoded by the calling thread.
 *
 * @example
 * await using pool = new DecodePool(4);
 * const { views } = await pool.prepare(fileImage("part.png"), { pixels: { size: 240 }, fit: "crop" });
 */
export class DecodePool {
  /** How many images are worth asking for at once. */
  readonly ahead: number;
  readonly #threads: number;
  readonly #workers = new Set<Worker>();
  readonly #idle: Worker[] = [];
  readonly #waiting: Job[] = [];

  /** Threads start when there is work for them. */
  constructor(threads: number) {
    this.#threads = threads;
    this.ahead = Math.max(1, 2 * threads);
  }

  /**
   * An image as the model sees it, or as it is decoded where that is left to a device.
   *
   * @throws ImageError or ClipError where it cannot be read.
   */
  async prepare(item: ImageItem, options: ViewOptions): Promise<PreparedViews | Unresized> {
    const { pixels, fit, facts, region, deviceBytes } = options;
    const views = { pixels, fit, facts, region, deviceBytes };
    return this.#make(item, { views }, (raster) => prepareViews(raster, views));
  }

  /**
   * An image in gray under its map, as the bytes of a PNG.
   *
   * @throws ImageError where it cannot be read.
   */
  async drawHeatmap(
    item: ImageItem,
    { map, box, scale, maxSide, legend }: HeatmapDrawing,
  ): Promise<Uint8Array> {
    const heatmap = { map, box, scale, maxSide, legend };
    return this.#make(item, { heatmap }, (raster) => heatmapPng(raster, heatmap));
  }

  /** Asks a thread, and does it in the calling one where no thread can. */
  async #make<T extends PreparedViews | Unresized | Uint8Array>(
    item: ImageItem,
    make: DecodeTask["make"],
    here: (raster: Raster) => T,
  ): Promise<T> {
    const part = this.#threads > 0 ? partOf(item) : undefined;
    if (part) {
      const task = { part, make };
      const { made, refused } = await new Promise<DecodeAnswer>((done) => this.#add({ task, done }));
      if (made) return made as T;
      if (refused) throw new ImageError(refused.code, item.id, refused.problem, refused.mend);
    }
    try {
      return here(await item.load());
    } catch (error) {
      throw naming(item, error);
    }
  }

  /** Ends the threads. The calling thread reads what is still asked for. */
  async close(): Promise<void> {
    for (const job of this.#waiting.splice(0)) job.done({ made: null });
    const workers = [...this.#workers];
    this.#workers.clear();
    this.#idle.length = 0;
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #add(job: Job): void {
    this.#waiting.push(job);
    const worker = this.#idle.pop() ?? (this.#workers.size < this.#threads ? this.#start() : undefined);
    if (worker) this.#work(worker);
  }

  /** Gives a free worker the next job. An idle worker does not keep the process alive. */
  #work(worker: Worker): void {
    // One that is being ended keeps the process alive until it has.
    if (!this.#workers.has(worker)) return;
    const job = this.#waiting.shift();
    if (!job) {
      worker.unref();
      this.#idle.push(worker);
      return;
    }
    worker.ref();
    const finish = (answer: DecodeAnswer) => {
      worker.off("message", answered);
      worker.off("exit", failed);
      job.done(answer);
    };
    const answered = (answer: DecodeAnswer) => {
      finish(answer);
      this.#work(worker);
    };
    // The calling thread reads an image that took its worker down; a new worker takes the next one.
    const failed = () => {
      this.#workers.delete(worker);
      finish({ made: null });
      if (this.#waiting.length > 0 && this.#workers.size < this.#threads) this.#work(this.#start());
    };
    worker.on("message", answered);
    worker.on("exit", failed);
    worker.postMessage(job.task);
  }

  #start(): Worker {
    // The worker lies beside this file, as TypeScript or compiled.
    const file = import.meta.url.endsWith(".ts") ? "./decode-worker.ts" : "./decode-worker.js";
    const worker = new Worker(new URL(file, import.meta.url));
    // "exit" follows every "error" and is handled.
    worker.on("error", () => {});
    this.#workers.add(worker);
    return worker;
  }
}
