import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type Fit, type PreparedImage, prepareImage } from "@inctrl/clip";
import { decodeImage } from "@inctrl/datasets";

export interface DecodeTask {
  readonly path: string;
  /** The square side that a backbone takes. */
  readonly size: number;
  readonly fit: Fit;
}

/** The views, or null where the image could not be read. */
export interface DecodeAnswer {
  readonly views: PreparedImage[] | null;
}

interface Job extends DecodeTask {
  done(answer: DecodeAnswer): void;
}

/** More than these are not kept busy by one device's images. */
const MOST = 8;

/**
 * Threads that decoding is worth: none where a CPU does the GPU's work, since the kernels use every core already, else one a
 * core but for the main thread's.
 */
export function decodeThreads(software: boolean, cores = availableParallelism()): number {
  return software ? 0 : Math.max(0, Math.min(MOST, cores - 1));
}

/**
 * Decodes and resizes image files in threads, each one at a time; with 0 threads in the calling one. Results are the same
 * bytes either way, and so are errors.
 *
 * @example
 * await using pool = new DecodePool(4);
 * const [view] = await pool.prepare({ path: "part.png", size: 240, fit: "crop" });
 */
export class DecodePool {
  /** How many images may be asked for at once with profit. */
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
   * An image as the model sees it.
   *
   * @throws ImageError or ClipError where it cannot be read.
   */
  async prepare(task: DecodeTask): Promise<PreparedImage[]> {
    if (this.#threads > 0) {
      const { views } = await new Promise<DecodeAnswer>((done) => this.#add({ ...task, done }));
      if (views) return views;
    }
    return prepareImage(await decodeImage(task.path), { size: task.size }, task.fit);
  }

  /** Ends the threads; what is still asked for is then read by the calling one. */
  async close(): Promise<void> {
    for (const job of this.#waiting.splice(0)) job.done({ views: null });
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

  /** Gives a free worker the next job. An idle one does not keep the process alive. */
  #work(worker: Worker): void {
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
    // An image that takes its thread down is read again by the calling one; another thread takes the next.
    const failed = () => {
      this.#workers.delete(worker);
      finish({ views: null });
      if (this.#waiting.length > 0 && this.#workers.size < this.#threads) this.#work(this.#start());
    };
    worker.on("message", answered);
    worker.on("exit", failed);
    const { path, size, fit } = job;
    worker.postMessage({ path, size, fit } satisfies DecodeTask);
  }

  #start(): Worker {
    // Beside this file, in the language that it runs in.
    const file = import.meta.url.endsWith(".ts") ? "./decode-worker.ts" : "./decode-worker.js";
    const worker = new Worker(new URL(file, import.meta.url));
    // An "exit" follows, which is what counts.
    worker.on("error", () => {});
    this.#workers.add(worker);
    return worker;
  }
}
