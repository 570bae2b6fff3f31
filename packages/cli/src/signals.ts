import { rmSync } from "node:fs";
import { CliError, EXIT } from "./errors.js";
import { info } from "./ui/log.js";

/** Signals within this time count as one Ctrl-C: a terminal, a shell and a script may each pass it on. */
const SAME_PRESS_MS = 300;

const EXIT_CODES = { SIGINT: EXIT.interrupted, SIGTERM: 143 } as const;

const temporary = new Set<string>();

/** Has a path removed when the process ends, however it ends. Returns a function that takes this back. */
export function removeAtExit(path: string): () => void {
  temporary.add(path);
  return () => temporary.delete(path);
}

function removeLeftovers(): void {
  for (const path of temporary) rmSync(path, { force: true, recursive: true });
}

/**
 * Runs a job that ends early and cleanly when its signal aborts. The first Ctrl-C aborts the signal, the second one
 * ends the process. Temporary files are removed in both cases.
 */
export async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const stop = (name: "SIGINT" | "SIGTERM") => {
    if (controller.signal.aborted) {
      if (performance.now() - first < SAME_PRESS_MS) return;
      process.exit(EXIT_CODES[name]);
    }
    first = performance.now();
    info("stopping: finishing what is in hand (Ctrl-C again stops at once)");
    controller.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop).on("exit", removeLeftovers);
  try {
    return await job(controller.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop).off("exit", removeLeftovers);
    removeLeftovers();
  }
}

/** Ends a stopped job that has no results to finish. Throws CliError `interrupted`. */
export function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new CliError("interrupted", "stopped before there were results");
}
