import { setTimeout as sleep } from "node:timers/promises";
import { HubError } from "./errors.js";

/** A failure that another attempt may mend, such as a cut connection or a busy server. */
export class TransientError extends Error {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface RetryOptions {
  readonly signal?: AbortSignal;
  /** Called before each new attempt. */
  readonly onRetry?: (why: string) => void;
  /** Milliseconds before the first retry, doubled for each later one. Default 500. */
  readonly backoffMs?: number;
}

const MAX_FAILURES = 5;
// Bytes of progress that reset the count of failures: a long download is cut often and gets further each time.
const ENOUGH_PROGRESS = 1 << 20;

/**
 * Repeats `attempt` while it throws TransientError, at most 5 times in a row without `progress` (bytes so far).
 *
 * @throws HubError `network` after the last of them.
 */
export async function withRetries<T>(
  url: string,
  attempt: () => Promise<T>,
  options: RetryOptions,
  progress: () => Promise<number> = async () => 0,
): Promise<T> {
  // The most bytes so far, since starting over again and again is no progress.
  let best = await progress();
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      const now = await progress();
      if (now >= best + ENOUGH_PROGRESS) {
        best = now;
        failures = 1;
      }
      if (failures === MAX_FAILURES) {
        const kept = now ? `; the ${now} bytes so far are kept` : "";
        const message = `${url}: ${error.message}, ${MAX_FAILURES} times in a row; try again later${kept}`;
        throw new HubError("network", message, { cause: error });
      }
      options.onRetry?.(error.message);
      const wait = Math.max((options.backoffMs ?? 500) * 2 ** (failures - 1), error.retryAfterMs);
      await sleep(wait, undefined, { signal: options.signal });
    }
  }
}
