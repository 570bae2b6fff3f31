import { type FSWatcher, watch } from "node:fs";

/** Tells that something may have arrived in a folder: by the system's word, and by the clock, since network shares send none. */
export class Arrivals implements Disposable {
  readonly #watcher: FSWatcher | null;
  #changed = false;
  #wake: (() => void) | null = null;

  constructor(folder: string) {
    const note = () => this.notify();
    let watcher: FSWatcher | null = null;
    try {
      watcher = watch(folder, note);
      // A folder that cannot be watched is looked at by the clock alone.
      watcher.on("error", () => {});
    } catch {
      watcher = null;
    }
    this.#watcher = watcher;
  }

  notify(): void {
    this.#changed = true;
    this.#wake?.();
  }

  /** Waits until something may have changed, some milliseconds have passed, or the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#changed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener("abort", this.#wake, { once: true });
      });
      if (this.#wake) signal.removeEventListener("abort", this.#wake);
      this.#wake = null;
    }
    this.#changed = false;
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }
}
