import { count } from "@inctrl/datasets";
import { stopIfAborted } from "../signals.js";
import { duration, millions, size } from "./amounts.js";
import { info, setOverlay, tell } from "./log.js";

/** Shows how far a job is. */
export interface Progress {
  /** `done` of `total`, which may change; 0 is a total that is not known yet. `note` is added to the line. */
  update(done: number, total?: number, note?: string): void;
  /** Removes the bar. */
  stop(): void;
}

export interface ProgressOptions {
  /** "scoring" */
  readonly verb: string;
  /** The counted thing in the singular; "byte" and "parameter" are shown in millions. Default "image". */
  readonly unit?: string;
  /** Draws nothing, for results that go to the same terminal. */
  readonly quiet?: boolean;
  /** Whether stderr is a terminal; found out by default. */
  readonly terminal?: boolean;
  /** The clock in milliseconds, which tests set. */
  readonly now?: () => number;
}

/** Milliseconds between two drawings of a bar, and between two lines of a log. */
const BAR_EVERY = 100;
const LINE_EVERY = 5000;
const CELLS = 24;

/** Starts a bar on a terminal. Elsewhere a plain line comes every five seconds, so that log files stay short. */
export function startProgress(total: number, options: ProgressOptions): Progress {
  if (options.quiet) return { update() {}, stop() {} };
  const state = new State(total, options);
  return (options.terminal ?? process.stderr.isTTY) ? bar(state) : lines(state);
}

/**
 * Runs a job with a progress bar, which is removed however the job ends.
 *
 * @param job takes what updates the bar.
 * @throws CliError `interrupted` in place of the job's own error where `signal` has aborted.
 */
export async function withProgress<T>(
  { total = 0, signal, ...options }: ProgressOptions & { total?: number; signal?: AbortSignal },
  job: (update: Progress["update"]) => Promise<T>,
): Promise<T> {
  const progress = startProgress(total, options);
  try {
    return await job(progress.update);
  } catch (error) {
    if (signal) stopIfAborted(signal);
    throw error;
  } finally {
    progress.stop();
  }
}

class State {
  readonly verb: string;
  readonly now: () => number;
  readonly #unit: string;
  #first: { readonly done: number; readonly at: number } | undefined;
  #note = "";
  done = 0;
  total: number;

  constructor(total: number, { verb, unit = "image", now = () => performance.now() }: ProgressOptions) {
    this.verb = verb;
    this.now = now;
    this.total = total;
    this.#unit = unit;
  }

  set(done: number, total = this.total, note = ""): void {
    this.#first ??= { done, at: this.now() };
    this.done = done;
    this.total = total;
    this.#note = note && `, ${note}`;
  }

  /** Share that is done, in [0, 1]; 0 while the total is unknown. */
  get share(): number {
    return this.total > 0 ? Math.min(1, this.done / this.total) : 0;
  }

  /** "12 of 40 images, about 3.1 s left" */
  get text(): string {
    const seconds = this.#secondsLeft();
    const rest = seconds === null ? "" : `, about ${duration(seconds)} left`;
    return this.total > 0
      ? `${number(this.done, this.#unit)} of ${amount(this.total, this.#unit)}${this.#note}${rest}`
      : amount(this.done, this.#unit) + this.#note;
  }

  /** Estimated from the pace since the first update, so that neither work of an earlier run nor a warm-up counts. */
  #secondsLeft(): number | null {
    const since = this.done - (this.#first?.done ?? 0);
    if (since <= 0 || this.done >= this.total) return null;
    return (((this.now() - this.#first!.at) / 1000) * (this.total - this.done)) / since;
  }
}

/** An amount without its unit, which the total beside it names. */
function number(n: number, unit: string): string {
  if (unit === "byte") return size(n);
  return unit === "parameter" ? millions(n) : String(n);
}

function amount(n: number, unit: string): string {
  if (unit === "byte") return size(n);
  return unit === "parameter" ? `${millions(n)} parameters` : count(n, unit);
}

function bar(state: State): Progress {
  let last = Number.NEGATIVE_INFINITY;
  const clear = () => tell("\r\x1b[K");
  const draw = () => {
    last = state.now();
    const cells = Math.round(state.share * CELLS);
    const line = `${state.verb} [${"=".repeat(cells).padEnd(CELLS)}] ${state.text}`;
    // A line that wraps could not be removed.
    tell(`\r${line.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`);
  };
  draw();
  setOverlay({ clear, redraw: draw });
  return {
    update(done, total, note) {
      state.set(done, total, note);
      if (state.now() - last >= BAR_EVERY) draw();
    },
    stop() {
      setOverlay(undefined);
      clear();
    },
  };
}

function lines(state: State): Progress {
  let last = state.now();
  return {
    update(done, total, note) {
      state.set(done, total, note);
      if (state.now() - last < LINE_EVERY || state.share === 1) return;
      last = state.now();
      info(`${state.verb}: ${state.text}`);
    },
    stop() {},
  };
}
