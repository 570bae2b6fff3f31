import type { Skipped } from "@inctrl/datasets";
import { stopIfAborted } from "../signals.js";
import { warn } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";

/** Runs a job over the images of a data set with a progress bar. A job that was stopped throws CliError `interrupted`. */
export async function withProgress<T>(
  verb: string,
  signal: AbortSignal,
  job: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const progress = startProgress(0, { verb });
  try {
    return await job(progress.update);
  } catch (error) {
    stopIfAborted(signal);
    throw error;
  } finally {
    progress.stop();
  }
}

/** Files named one by one before "and 12 more". */
const LISTED = 20;

/** A file that could not be used, and why; the reason may name it already. */
export const skippedText = ({ id, reason }: Skipped): string =>
  reason.includes(id) ? reason : `${id}: ${reason}`;

/** Warns of files that could not be used. */
export function warnOfFiles(files: readonly Skipped[]): void {
  for (const file of files.slice(0, LISTED)) warn(skippedText(file));
  if (files.length > LISTED) warn(`and ${files.length - LISTED} more files`);
}
