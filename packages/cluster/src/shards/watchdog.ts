/** How long a device may be silent. */
export interface WatchdogOptions {
  /** Times the longest usual pause between two images. Default 20. */
  readonly factor?: number;
  /** Milliseconds below which nothing counts as hung. Default a minute. */
  readonly leastMs?: number;
  /** Milliseconds to the first image, in which kernels are compiled. Default 15 minutes. */
  readonly firstMs?: number;
  /** Called once, with the silence in milliseconds. */
  readonly onHung: (ms: number) => void;
}

/** Pauses that tell what is usual. */
const KEPT = 2048;

/**
 * Notices a device that hangs. A hung device leaves the event loop alive, which would renew the lock of its job for ever; so the worker
 * counts as hung when no image has come out for many times the usual pause.
 *
 * @example
 * using watchdog = new Watchdog({ onHung: () => process.exit(75) });
 * watchdog.start();
 * for await (const row of rows) watchdog.beat();
 * watchdog.stop();
 */
export class Watchdog implements Disposable {
  readonly #factor: number;
  readonly #leastMs: number;
  readonly #firstMs: number;
  readonly #onHung: (ms: number) => void;
  readonly #pauses: number[] = [];
  #last = 0;
  #looked = 0;
  #first = true;
  #quietMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor({ factor = 20, leastMs = 60_000, firstMs = 900_000, onHung }: WatchdogOptions) {
    this.#factor = factor;
    this.#leastMs = leastMs;
    this.#quietMs = leastMs;
    this.#firstMs = firstMs;
    this.#onHung = onHung;
  }

  /** Milliseconds of silence from which the device counts as hung. */
  get limitMs(): number {
    if (this.#first) return Math.max(this.#firstMs, this.#quietMs);
    return Math.max(this.#quietMs, this.#factor * Math.max(0, ...this.#pauses));
  }

  get #everyMs(): number {
    return Math.min(1000, this.#leastMs / 4);
  }

  /** Work begins: silence counts from now on. @param quietMs milliseconds below which none of this work counts as hung. */
  start(quietMs = this.#leastMs): void {
    this.#quietMs = quietMs;
    this.#last = performance.now();
    this.#looked = this.#last;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#look(), this.#everyMs);
  }

  /** An image has come out. */
  beat(): void {
    const now = performance.now();
    // The first image waits for kernels to be compiled, which tells nothing of the next.
    if (!this.#first) this.#pauses.push(now - this.#last);
    this.#first = false;
    if (this.#pauses.length > KEPT) this.#pauses.shift();
    this.#last = now;
  }

  /** Work has ended: silence is no matter. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #look(): void {
    const now = performance.now();
    const late = now - this.#looked > 4 * this.#everyMs;
    this.#looked = now;
    // After a step that blocked the event loop, its results are about to be told.
    if (late) return;
    const silent = now - this.#last;
    if (silent <= this.limitMs) return;
    this.stop();
    this.#onHung(silent);
  }
}
