import type { MqttClient } from "mqtt";
import type { LedgerEntry } from "../watch/ledger.js";
import type { Sink } from "./sender.js";
import { addressOf } from "./webhook.js";

export interface MqttOptions {
  /** `mqtt://HOST:PORT/TOPIC` or `mqtts://`: entries go to TOPIC/part and TOPIC/drift, and TOPIC/status is `online` or `offline`. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** A certificate that the broker's must be signed by, in PEM. Default: those of the system. */
  readonly ca?: string;
  /** How long a broker may take. Default 10,000. */
  readonly timeoutMs?: number;
}

const TOPIC = "inctrl";

/**
 * Publishes each entry with QoS 1 as JSON: the broker has it when it is told. The last will says `offline`.
 *
 * @throws ServerError `sink` for an address that is not of mqtt or mqtts, or that holds a password.
 */
export function mqtt({ url, user, password, ca, timeoutMs = 10_000 }: MqttOptions): Sink {
  const address = addressOf(url, ["mqtt:", "mqtts:"], "mqtt");
  const topic = decodeURIComponent(address.pathname).replace(/^\/+|\/+$/g, "") || TOPIC;
  const status = { topic: `${topic}/status`, qos: 1, retain: true } as const;
  let client: MqttClient | null = null;
  let problem = "no connection";
  const open = async () => {
    // Loaded where there is a broker: nobody else needs it.
    const { connect } = await import("mqtt");
    const made = connect(`${address.protocol}//${address.host}`, {
      protocolVersion: 5,
      ...{ username: user, password, ca, clean: true, connectTimeout: timeoutMs, reconnectPeriod: 1000 },
      will: { ...status, payload: Buffer.from("offline") },
      // What waits is in the ledger: the client keeps nothing of its own for later.
      ...{ queueQoSZero: false, resubscribe: false },
    });
    made.on("connect", () => {
      made.publish(status.topic, "online", { qos: 1, retain: true }, () => {});
    });
    made.on("error", (error) => {
      problem = error.message || String((error as NodeJS.ErrnoException).code ?? error);
    });
    return made;
  };
  return {
    name: "mqtt",
    title: `mqtt ${address.host}`,
    async send(entry: LedgerEntry, signal: AbortSignal): Promise<boolean> {
      client ??= await open();
      await within(
        timeoutMs,
        signal,
        connected(client, () => problem),
        () => problem,
      );
      const kind = entry.kind === "drift" ? "drift" : "part";
      const told = client.publishAsync(`${topic}/${kind}`, JSON.stringify(entry), { qos: 1 });
      await within(timeoutMs, signal, told, () => "gives no receipt");
      return true;
    },
    async close() {
      if (!client) return;
      const ended = client;
      if (ended.connected)
        await within(1000, null, ended.publishAsync(status.topic, "offline", status), () => "").catch(
          () => {},
        );
      await ended.endAsync(true);
    },
  };
}

/** Waits for the connection, or for the next try that fails. */
async function connected(client: MqttClient, problem: () => string): Promise<void> {
  if (client.connected) return;
  await new Promise<void>((resolve, reject) => {
    const done = (settle: () => void) => () => {
      client.off("connect", made);
      client.off("close", failed);
      settle();
    };
    const made = done(resolve);
    const failed = done(() => reject(new Error(problem())));
    client.on("connect", made).on("close", failed);
  });
}

/** Waits for a job, so many milliseconds at most, unless the signal aborts. */
async function within(
  ms: number,
  signal: AbortSignal | null,
  job: Promise<unknown>,
  problem: () => string,
): Promise<void> {
  let late: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const stopped = new Promise<never>((_, reject) => {
    late = () => reject(new Error(problem()));
    timer = setTimeout(late, ms);
    signal?.addEventListener("abort", late, { once: true });
  });
  try {
    await Promise.race([job, stopped]);
  } finally {
    clearTimeout(timer);
    if (late) signal?.removeEventListener("abort", late);
    job.catch(() => {});
  }
}
