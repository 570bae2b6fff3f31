import type { Skipped } from "@inctrl/datasets";
import { stopIfAborted } from "../signals.js";
import { warn } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";

/** Runs a job over the images of a data set with a bar; a stop becomes the one word for it. */
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
const SPOKEN = 20;

/** Says which files could not be used, and why. */
export function warnOfFiles(files: readonly Skipped[]): void {
  for (const { id, reason } of files.slice(0, SPOKEN))
    warn(reason.includes(id) ? reason : `${id}: ${reason}`);
  if (files.length > SPOKEN) warn(`and ${files.length - SPOKEN} more files`);
}
