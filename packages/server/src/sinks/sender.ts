import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { oneLine } from "@inctrl/datasets";
import { onDisk } from "@inctrl/tensor/files";
import type { Ledger, LedgerEntry } from "../watch/ledger.js";
import { bytesAfter, entriesAfter, type Progress, readProgress, writeProgress } from "./follow.js";

/** Where entries of a ledger are told. */
export interface Sink {
  /** Names its progress on the disk. */
  readonly name: string;
  /** What messages call it; no secrets. */
  readonly title: string;
  /**
   * Tells an entry, and returns once the receiver has it.
   *
   * @returns false where the receiver refuses this entry for good.
   * @throws where it cannot be reached now.
   */
  send(entry: LedgerEntry, signal: AbortSignal): Promise<boolean>;
  /** Says that the watch ends. */
  close(): Promise<void>;
}

export interface SenderOptions {
  /** Bytes of the ledger that may wait. Of more, the oldest are passed over and counted. Default 64 MB. */
  readonly most?: number;
  /** Failures in a row that open the breaker. Default 3. */
  readonly failures?: number;
  /** The first wait of an open breaker; each further one is twice as long. Default 1000. */
  readonly waitMs?: number;
  /** The longest wait. Default 60,000. */
  readonly longestMs?: number;
  readonly onNote?: (text: string) => void;
}

/** `closed`: entries are told; `open`: the receiver is left alone; `half-open`: one entry tries it. */
export type Breaker = "closed" | "open" | "half-open";

/** How often progress is written, besides at the end. What was told after it is told again after a kill. */
const SAVE_MS = 1000;

/**
 * Tells a sink the entries of a ledger, each at least once, in their order. The ledger is its spool: what a dead receiver does not take stays
 * there, and scoring never waits for it.
 *
 * @example
 * const sender = await Sender.open(sink, ledger, "out/.sinks");
 * sender.notify(); // after each append
 * await sender.close();
 */
export class Sender {
  readonly #sink: Sink;
  readonly #folder: string;
  readonly #file: string;
  readonly #options: Required<SenderOptions>;
  readonly #stop = new AbortController();
  #progress: Progress;
  #saved: Progress;
  #savedAt = 0;
  #failures = 0;
  /** What failed last, while it has not been told. */
  #untold: string | null = null;
  #breaker: Breaker = "closed";
  #changed = true;
  #wake: (() => void) | null = null;
  readonly #ended: Promise<void>;

  private constructor(sink: Sink, folder: string, file: string, progress: Progress, options: SenderOptions) {
    this.#sink = sink;
    this.#folder = folder;
    this.#file = file;
    this.#progress = this.#saved = progress;
    this.#options = { most: 64e6, failures: 3, waitMs: 1000, longestMs: 60_000, onNote() {}, ...options };
    this.#ended = this.#run();
  }

  /** Goes on where an earlier run ended. A new sink begins at the end of the ledger. */
  static async open(
    sink: Sink,
    ledger: Ledger,
    folder: string,
    options: SenderOptions = {},
  ): Promise<Sender> {
    const file = join(folder, `${sink.name}.json`);
    const known = await readProgress(file);
    const progress = known ?? { ...ledger.end, sent: 0, dropped: 0, refused: 0 };
    if (!known) await writeProgress(file, progress);
    return new Sender(sink, ledger.folder, file, progress, options);
  }

  get progress(): Progress {
    return this.#progress;
  }

  get breaker(): Breaker {
    return this.#breaker;
  }

  /** Something was added to the ledger. */
  notify(): void {
    this.#changed = true;
    if (this.#breaker === "closed") this.#wake?.();
  }

  /** Stops: tells what is left for so many milliseconds, unless the receiver is dead, and closes the sink. */
  async close(graceMs = 5000): Promise<void> {
    const until = Date.now() + graceMs;
    while (
      Date.now() < until &&
      this.#breaker === "closed" &&
      (await bytesAfter(this.#folder, this.#progress)) > 0
    )
      await new Promise((resolve) => setTimeout(resolve, 20));
    this.#stop.abort();
    this.#wake?.();
    await this.#ended;
    // The last tries were too few to call the receiver dead.
    if (this.#untold !== null)
      this.#options.onNote(`${this.#sink.title}: ${this.#untold}; entries wait in the ledger`);
    await this.#save(true);
    await this.#sink.close().catch(() => {});
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#changed = false;
        await this.#dropOldest();
        const entries = await entriesAfter(this.#folder, this.#progress);
        // A half-open breaker lets one entry through.
        for (const { entry, after } of this.#failures > 0 ? entries.slice(0, 1) : entries) {
          if (signal.aborted) return;
          if (!(await this.#tell(entry))) break;
          this.#progress = { ...this.#progress, ...after };
          await this.#save(false);
        }
        if (entries.length === 0) {
          await this.#save(true);
          if (!this.#changed) await this.#wait(1000);
        }
      } catch (error) {
        // The ledger could not be read, or progress not written: the sink waits, and nothing else does.
        this.#options.onNote(`${this.#sink.title}: ${oneLine((error as Error).message)}`);
        await this.#wait(this.#options.longestMs);
      }
    }
  }

  /** Tells an entry. @returns whether it is done with. */
  async #tell(entry: LedgerEntry): Promise<boolean> {
    const { failures, waitMs, longestMs, onNote } = this.#options;
    const { title } = this.#sink;
    try {
      if (this.#breaker === "open") this.#breaker = "half-open";
      const taken = await this.#sink.send(entry, this.#stop.signal);
      const { sent, refused } = this.#progress;
      this.#progress = taken
        ? { ...this.#progress, sent: sent + 1 }
        : { ...this.#progress, refused: refused + 1 };
      if (!taken && refused === 0)
        onNote(`${title}: refuses ${entry.id} for good; such entries are counted and passed over`);
      if (this.#breaker !== "closed") onNote(`${title}: is back`);
      this.#failures = 0;
      this.#untold = null;
      this.#breaker = "closed";
      return true;
    } catch (error) {
      if (this.#stop.signal.aborted) return false;
      this.#failures++;
      const problem = oneLine((error as Error).message);
      if (this.#failures === failures)
        onNote(`${title}: ${problem}; entries wait in the ledger, and scoring goes on`);
      this.#untold = this.#failures < failures ? problem : null;
      if (this.#failures >= failures) this.#breaker = "open";
      const longer = 2 ** Math.min(20, this.#failures - 1);
      await this.#wait(Math.min(longestMs, waitMs * longer));
      return false;
    }
  }

  /** Passes over the oldest entries where more wait than may. */
  async #dropOldest(): Promise<void> {
    const { most, onNote } = this.#options;
    let waiting = await bytesAfter(this.#folder, this.#progress);
    if (waiting <= most) return;
    let dropped = 0;
    while (waiting > most) {
      const entries = await entriesAfter(this.#folder, this.#progress);
      if (entries.length === 0) break;
      this.#progress = { ...this.#progress, ...entries[entries.length - 1].after };
      dropped += entries.length;
      waiting = await bytesAfter(this.#folder, this.#progress);
    }
    this.#progress = { ...this.#progress, dropped: this.#progress.dropped + dropped };
    onNote(
      `${this.#sink.title}: ${dropped} entries were passed over, since more waited than may; the ledger has them`,
    );
    await this.#save(true);
  }

  async #save(now: boolean): Promise<void> {
    if (this.#saved === this.#progress || (!now && Date.now() - this.#savedAt < SAVE_MS)) return;
    this.#savedAt = Date.now();
    this.#saved = this.#progress;
    await writeProgress(this.#file, this.#progress);
  }

  async #wait(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}

/**
 * Tells several sinks what a watch adds to its ledger.
 *
 * @param folder of their progress.
 * @returns what the watch is to call, and what ends the sinks.
 */
export function tellSinks(
  sinks: readonly Sink[],
  folder: string,
  onNote?: (text: string) => void,
): { onLedger(ledger: Ledger): Promise<void>; close(): Promise<void> } {
  let senders: readonly Sender[] | null = null;
  return {
    async onLedger(ledger) {
      if (senders) for (const sender of senders) sender.notify();
      else {
        await mkdir(onDisk(folder), { recursive: true });
        senders = await Promise.all(sinks.map((sink) => Sender.open(sink, ledger, folder, { onNote })));
      }
    },
    async close() {
      await Promise.all((senders ?? []).map((sender) => sender.close()));
    },
  };
}
