import { SingleBar } from "cli-progress";
import { count, duration, say, setOverlay, size } from "./talk.js";

/** How far a job is. Nothing is said when it took less than a moment. */
export interface Progress {
  /** `done` of `total`; a total that changes is followed. */
  update(done: number, total?: number): void;
  /** Takes the bar away. */
  stop(): void;
}

export interface ProgressOptions {
  /** "scoring" */
  readonly verb: string;
  /** What is counted, in the singular, or "bytes". Default "image". */
  readonly unit?: string;
  /** Nothing is drawn: the results themselves go to the same terminal. */
  readonly quiet?: boolean;
  /** Default: whether stderr is a terminal. */
  readonly terminal?: boolean;
  /** Milliseconds between plain lines. Default 5000. */
  readonly everyMs?: number;
  /** The time in milliseconds; for tests. */
  readonly now?: () => number;
}

/** A bar on a terminal; elsewhere a plain line now and then, so that log files stay short. */
export function startProgress(total: number, options: ProgressOptions): Progress {
  if (options.quiet) return { update() {}, stop() {} };
  return options.terminal ?? process.stderr.isTTY ? bar(total, options) : lines(total, options);
}

const amount = (done: number, unit: string): string => (unit === "bytes" ? size(done) : String(done));

function bar(total: number, { verb, unit = "image" }: ProgressOptions): Progress {
  const started = performance.now();
  const single = new SingleBar({
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // A Ctrl-C is ours to answer.
    gracefulExit: false,
    format: (_, { progress, value, total: all }) => {
      const share = Number.isFinite(progress) ? progress : 0;
      const cells = Math.round(share * 24);
      const left = (((performance.now() - started) / 1000) * (1 - share)) / share;
      const rest = Number.isFinite(left) && share < 1 ? `  ${duration(left)} left` : "";
      const of = all > 0 ? ` of ${amount(all, unit)}` : "";
      return `${verb} [${"=".repeat(cells)}${" ".repeat(24 - cells)}]  ${amount(value, unit)}${of}${rest}`;
    },
  });
  single.start(total, 0);
  setOverlay({
    clear: () => process.stderr.write("\r\x1b[K"),
    redraw: () => single.render(),
  });
  return {
    update(done, all) {
      if (all !== undefined && all !== single.getTotal()) single.setTotal(all);
      single.update(done);
    },
    stop() {
      setOverlay(undefined);
      single.stop();
    },
  };
}

function lines(total: number, options: ProgressOptions): Progress {
  const { verb, unit = "image", everyMs = 5000, now = () => performance.now() } = options;
  const started = now();
  let last = started;
  let all = total;
  return {
    update(done, newTotal) {
      all = newTotal ?? all;
      const time = now();
      if (time - last < everyMs || done >= all) return;
      last = time;
      const left = ((time - started) / 1000 / done) * (all - done);
      const rest = done > 0 && all > 0 ? `, about ${duration(left)} left` : "";
      const amounts = unit === "bytes" ? `${size(done)} of ${size(all)}` : `${done} of ${count(all, unit)}`;
      say(`${verb}: ${amounts}${rest}`);
    },
    stop() {},
  };
}
