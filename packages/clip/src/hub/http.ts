import { HubError } from "./errors.js";
import { TransientError } from "./retry.js";

const RETRY_AFTER_CAP_MS = 60_000;

const isTransient = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500;

/** Seconds or a date, as HTTP allows (RFC 9110, 10.2.3). */
function retryAfter(value: string | null): number {
  if (!value) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_CAP_MS) : 0;
}

/** The message of the innermost cause: fetch itself says "fetch failed" whatever happened. */
export function reason(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  if (!(inner instanceof Error)) return String(inner);
  const code = (inner as NodeJS.ErrnoException).code;
  return inner.message || code || inner.name;
}

/**
 * One request. Statuses in `accept` are passed through. Node 20's fetch does not look at HTTPS_PROXY.
 *
 * @throws TransientError for failures of the connection and temporary statuses, HubError for lasting ones.
 */
export async function request(
  url: string,
  init: RequestInit,
  accept: readonly number[] = [],
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new TransientError(reason(error), 0, { cause: error });
  }
  const { status } = response;
  if (response.ok || accept.includes(status)) return response;
  await response.body?.cancel();
  if (isTransient(status))
    throw new TransientError(`HTTP ${status}`, retryAfter(response.headers.get("retry-after")));
  const hint = status === 404 ? "it is not published there any more" : "the server does not hand it out";
  throw new HubError(
    "http-status",
    `${url}: HTTP ${status}, ${hint}; get the file yourself and pass its path`,
  );
}

const SHA256 = /^(?:W\/)?"?([0-9a-f]{64})"?$/i;
const REDIRECTS = [301, 302, 303, 307, 308];
const MAX_HOPS = 5;

/**
 * The SHA-256 sum that a hub records for a large file: the `X-Linked-ETag` header of its own answer, or an ETag that is a sum.
 * Redirects are followed one by one, because the file servers behind them do not repeat it.
 *
 * @throws HubError `no-checksum` where the hub names none.
 */
export async function checksumFromHub(url: string, signal?: AbortSignal): Promise<string> {
  let at = url;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const headers = { "accept-encoding": "identity" };
    const response = await request(at, { method: "HEAD", redirect: "manual", headers, signal }, REDIRECTS);
    for (const name of ["x-linked-etag", "etag"]) {
      const sum = response.headers.get(name)?.match(SHA256)?.[1];
      if (sum) return sum.toLowerCase();
    }
    const location = response.headers.get("location");
    if (!location) break;
    at = new URL(location, at).href;
  }
  throw new HubError("no-checksum", `${url}: the hub tells no SHA-256 sum, so the file could not be checked`);
}
