import { createHmac } from "node:crypto";
import { ServerError } from "../errors.js";
import type { LedgerEntry } from "../watch/ledger.js";
import type { Sink } from "./sender.js";

export interface WebhookOptions {
  readonly url: string;
  /** Signs bodies: the header `X-Inctrl-Signature` is `sha256=` and the HMAC of the body in hex. It is sent nowhere. */
  readonly secret?: string;
  /** How long a receiver may take. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Answers that say that this body will never be taken. */
const REFUSED: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * Posts each entry as JSON. Any 2xx is a receipt; 400, 413, 415 and 422 refuse the entry for good; all else is tried again. `Idempotency-Key`
 * is the entry's id.
 *
 * @throws ServerError `sink` for an address that is not of http or https, or that holds a password.
 */
export function webhook({ url, secret, timeoutMs = 10_000 }: WebhookOptions): Sink {
  const address = addressOf(url, ["http:", "https:"], "webhook");
  return {
    name: "webhook",
    title: `webhook ${address.host}`,
    async send(entry: LedgerEntry, signal: AbortSignal): Promise<boolean> {
      const body = JSON.stringify(entry);
      const signature = secret === undefined ? null : createHmac("sha256", secret).update(body).digest("hex");
      const response = await fetch(address, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "idempotency-key": entry.id,
          ...(signature !== null && { "x-inctrl-signature": `sha256=${signature}` }),
        },
        // A receiver that moved is to be named anew: bodies go nowhere else.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      }).catch((error: Error) => {
        throw new Error(
          `cannot be reached (${(error.cause as Error | undefined)?.message || error.message})`,
        );
      });
      // The answer's text is nothing to us, and may be endless.
      await response.body?.cancel().catch(() => {});
      if (response.ok) return true;
      if (REFUSED.has(response.status)) return false;
      throw new Error(`answers ${response.status}`);
    },
    async close() {},
  };
}

/** An address without secrets in it: it is seen in lists of processes and in messages. */
export function addressOf(url: string, protocols: readonly string[], what: string): URL {
  const address = URL.canParse(url) ? new URL(url) : null;
  if (!address || !protocols.includes(address.protocol))
    throw new ServerError("sink", `${what}: give an address that begins with ${protocols.join("// or ")}//`);
  if (address.username || address.password)
    throw new ServerError(
      "sink",
      `${what}: the address holds a password, which others can see; give it by a file`,
    );
  return address;
}
