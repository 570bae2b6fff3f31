import { count, duration, size } from "./amounts.js";
import { info, setOverlay } from "./log.js";

/** How far a job is. */
export interface Progress {
  /** `done` of `total`; a total that changes is followed, and 0 means that it is not known yet. `note` says more. */
  update(done: number, total?: number, note?: string): void;
  /** Takes the bar away. */
  stop(): void;
}

export interface ProgressOptions {
  /** "scoring" */
  readonly verb: string;
  /** What is counted, in the singular, "byte" and "parameter" in millions. Default "image". */
  readonly unit?: string;
  /** Nothing is drawn: the results themselves go to the same terminal. */
  readonly quiet?: boolean;
  /** Default: whether stderr is a terminal. */
  readonly terminal?: boolean;
  /** The time in milliseconds; for tests. */
  readonly now?: () => number;
}

/** Milliseconds between two states of a bar, and between two lines of a log. */
const BAR_EVERY = 100;
const LINE_EVERY = 5000;
const CELLS = 24;

/** A bar on a terminal; elsewhere a plain line now and then, so that log files stay short. */
export function startProgress(total: number, options: ProgressOptions): Progress {
  if (options.quiet) return { update() {}, stop() {} };
  const state = new State(total, options);
  return (options.terminal ?? process.stderr.isTTY) ? bar(state) : lines(state);
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

  /** In [0, 1]; 0 while the total is unknown. */
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

  /** By the pace since the first report: what a job that goes on found done took it no time, and the first piece warms up. */
  #secondsLeft(): number | null {
    const since = this.done - (this.#first?.done ?? 0);
    if (since <= 0 || this.done >= this.total) return null;
    return (((this.now() - this.#first!.at) / 1000) * (this.total - this.done)) / since;
  }
}

/** Without the unit where the total names it. */
function number(n: number, unit: string): string {
  if (unit === "byte") return size(n);
  return unit === "parameter" ? `${(n / 1e6).toFixed(1)} M` : String(n);
}

function amount(n: number, unit: string): string {
  if (unit === "byte") return size(n);
  return unit === "parameter" ? `${number(n, unit)} parameters` : count(n, unit);
}

function bar(state: State): Progress {
  let last = Number.NEGATIVE_INFINITY;
  const clear = () => process.stderr.write("\r\x1b[K");
  const draw = () => {
    last = state.now();
    const cells = Math.round(state.share * CELLS);
    const line = `${state.verb} [${"=".repeat(cells).padEnd(CELLS)}] ${state.text}`;
    // A line that wraps could not be taken away again.
    process.stderr.write(`\r${line.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`);
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
