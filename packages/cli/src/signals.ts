import { rmSync } from "node:fs";
import { onDisk } from "@inctrl/tensor/files";
import { CliError } from "./errors.js";
import { info } from "./ui/log.js";

/** Signals within this time count as one Ctrl-C: a terminal, a shell and a script may each pass it on. */
const SAME_PRESS_MS = 300;

/** Signals that ask a run to stop: Ctrl-C, the end of a session, and the terminal that goes away. */
const STOPS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const temporary = new Set<string>();

/** Has a path removed when the process ends, however it ends. Returns a function that takes this back. */
export function removeAtExit(path: string): () => void {
  temporary.add(path);
  return () => temporary.delete(path);
}

function removeLeftovers(): void {
  for (const path of temporary) rmSync(onDisk(path), { force: true, recursive: true });
}

/**
 * Ends the process as the signal itself does, and at once: an orderly exit waits for what the system is reading, which may take
 * for ever.
 */
function endBy(name: (typeof STOPS)[number]): void {
  removeLeftovers();
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}

/**
 * Runs a job that ends early and cleanly when its signal aborts. The first Ctrl-C aborts the signal, the second one
 * ends the process. Temporary files are removed in both cases.
 *
 * @param options `onHangup`: what SIGHUP does in place of stopping.
 */
export async function interruptible<T>(
  job: (signal: AbortSignal) => Promise<T>,
  { onHangup }: { readonly onHangup?: () => void } = {},
): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const stop = (name: (typeof STOPS)[number]) => {
    if (name === "SIGHUP" && onHangup) return onHangup();
    if (controller.signal.aborted) {
      if (performance.now() - first >= SAME_PRESS_MS) endBy(name);
      return;
    }
    first = performance.now();
    info("stopping: finishing what is in hand (Ctrl-C again stops at once)");
    controller.abort();
  };
  for (const name of STOPS) process.on(name, stop);
  process.on("exit", removeLeftovers);
  try {
    return await job(controller.signal);
  } finally {
    for (const name of STOPS) process.off(name, stop);
    process.off("exit", removeLeftovers);
    removeLeftovers();
  }
}

/** Ends a stopped job that has no results to finish. Throws CliError `interrupted`. */
export function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new CliError("interrupted", "stopped before there were results");
}
