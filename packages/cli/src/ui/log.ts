import { oneLine } from "@inctrl/datasets";
import { duration } from "./amounts.js";

// Lines for the person at the terminal, on stderr; stdout is for results alone.

/** Something drawn on the last line of the terminal that has to make room for a line of text. */
export interface Overlay {
  clear(): void;
  redraw(): void;
}

let overlay: Overlay | undefined;

/** Keeps something drawn below the lines, or takes it away. */
export function setOverlay(next: Overlay | undefined): void {
  overlay = next;
}

/** Writes to stderr. A log that is full, or whose reader has gone, stops no work: `main.ts` takes the errors of the stream. */
export function tell(text: string): void {
  try {
    process.stderr.write(text);
  } catch {
    // Some streams throw instead.
  }
}

/** Writes one line to stderr. */
export function info(text: string): void {
  overlay?.clear();
  tell(`${oneLine(text)}\n`);
  overlay?.redraw();
}

/** Writes one line to stderr in the form of every error and warning. */
export function warn(text: string): void {
  info(`inctrl: ${text}`);
}

/** Starts a clock. Returns what says how long the job took. */
export function startClock(): () => void {
  const started = performance.now();
  return () => info(`done in ${duration((performance.now() - started) / 1000)}`);
}
