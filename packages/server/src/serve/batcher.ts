import { type ImageItem, type ImageScore, scoreImages } from "@inctrl/detect";
import type { Product } from "./product.js";
import { Refusal } from "./refusal.js";

/** The result of an image and how long it took, in milliseconds. */
export interface Scored {
  readonly result: ImageScore;
  readonly queueMs: number;
  readonly scoreMs: number;
}

interface Job {
  readonly product: Product;
  readonly item: ImageItem;
  readonly queued: number;
  started: number;
  resolve(scored: Scored): void;
  reject(error: unknown): void;
}

export interface BatcherOptions {
  /** Images of one product that are scored in a row while others wait. */
  readonly turn: number;
  /** Milliseconds without a result after which the device counts as lost. */
  readonly stallMs: number;
  /** Told of a failure of the scoring itself; work goes on when it resolves. */
  readonly onFailure: (error: unknown) => Promise<void>;
  /** Told how many images were scored in a row. */
  readonly onRun?: (images: number) => void;
}

/** What a stall is rejected with. */
export class Stalled extends Refusal {
  constructor(ms: number) {
    super(503, "timeout", `the device gave no result within ${ms / 1000} s`, 5);
  }
}

/**
 * Scores images in the order in which they come. What waits for a product goes into one stream of `scoreImages`, so that images share
 * batches as soon as there are several, and a single image waits for none.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #waiting: Job[] = [];
  #running: Promise<void> | null = null;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Images that wait for the device. */
  get depth(): number {
    return this.#waiting.length;
  }

  /** Scores an image. Rejects with an ImageError where it cannot be read. */
  async score(product: Product, item: ImageItem): Promise<Scored> {
    // A product that is replaced meanwhile stays open for what waits for it.
    using _ = product.use();
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ product, item, queued: performance.now(), started: 0, resolve, reject });
      this.#running ??= this.#work().finally(() => {
        this.#running = null;
      });
    });
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Rejects all that waits. */
  fail(error: unknown): void {
    for (const job of this.#waiting.splice(0)) job.reject(error);
  }

  async #work(): Promise<void> {
    let last: Product | undefined;
    for (;;) {
      // Products take turns.
      const next = this.#waiting.find(({ product }) => product !== last) ?? this.#waiting[0];
      if (!next) return;
      last = next.product;
      const taken: Job[] = [];
      try {
        await this.#run(last, taken);
      } catch (error) {
        for (const job of taken) job.reject(error);
        await this.#options.onFailure(error);
      }
    }
  }

  /** One stream of a product. `taken` holds the images whose results are to come. */
  async #run(product: Product, taken: Job[]): Promise<void> {
    using _ = product.use();
    let images = 0;
    const source = this.#take(product, (job) => {
      taken.push(job);
      images++;
    });
    const results = scoreImages(product.fitted, source)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await this.#within(results.next());
      if (done) break;
      const job = taken.shift();
      if (!job) throw new Error("a result without an image");
      const now = performance.now();
      if ("error" in value) job.reject(value.error);
      else job.resolve({ result: value, queueMs: job.started - job.queued, scoreMs: now - job.started });
    }
    this.#options.onRun?.(images);
  }

  /** What waits for a product, until there is none or others have waited for a turn. */
  *#take(product: Product, onTake: (job: Job) => void): Generator<ImageItem> {
    for (let taken = 0; ; taken++) {
      const at = this.#waiting.findIndex((job) => job.product === product);
      const hadItsTurn = taken >= this.#options.turn && this.#waiting.some((job) => job.product !== product);
      if (at < 0 || hadItsTurn) return;
      const [job] = this.#waiting.splice(at, 1);
      job.started = performance.now();
      onTake(job);
      yield job.item;
    }
  }

  async #within<T>(promise: Promise<T>): Promise<T> {
    const { stallMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const stalled = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Stalled(stallMs)), stallMs);
    });
    try {
      return await Promise.race([promise, stalled]);
    } finally {
      clearTimeout(timer);
      promise.catch(() => {});
    }
  }
}
