import { once } from "node:events";
import { openStore, readRun, type Store } from "@inctrl/cluster";
import { type OpenedQueue, retryDead, serveStatus, statusOf } from "@inctrl/cluster/queue";
import { count } from "@inctrl/datasets";
import { EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { duration } from "../ui/amounts.js";
import { info } from "../ui/log.js";
import type { RetryOptions, StatusOptions } from "./options.js";
import { countRows, isBenchmark } from "./prepare.js";
import { queueOf } from "./redis.js";

/** `inctrl cluster status`. */
export async function runStatus(options: StatusOptions, signal: AbortSignal): Promise<number> {
  const { runs, run, redis, json, page } = options;
  const store = await openStore(runs, run);
  try {
    await using opened = await queueOf(redis);
    if (page !== undefined)
      return await servePage(store, opened, { host: options.pageHost, port: page }, signal);
    const status = await statusOf(store, opened);
    const { queue, workers, rate, secondsLeft } = status;
    const kind = isBenchmark(await readRun(store)) ? "categories" : "images";
    const rows = workers.map((each) => [
      each.id,
      each.chunk,
      String(each.images),
      String(each.failed),
      each.rate.toFixed(1),
    ]);
    const table =
      rows.length > 0
        ? alignTable([["worker", "chunk", "images", "skipped", "a second"], ...rows])
        : "no workers\n";
    const left =
      secondsLeft === null || status.done === status.chunks ? "" : `, about ${duration(secondsLeft)} left`;
    const text =
      `${run}: ${status.done} of ${count(status.chunks, "chunk")} done; ${rate.toFixed(1)} ${kind} a second${left}\n` +
      `queue: ${queue.waiting} waiting, ${queue.active} in work, ${queue.delayed} to be tried again, ${queue.failed} given up\n${table}`;
    await printResult(json, status, text);
    return EXIT.ok;
  } finally {
    store.close();
  }
}

/** Serves the page until the signal aborts. */
async function servePage(
  store: Store,
  opened: OpenedQueue,
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<number> {
  const run = await readRun(store);
  const rows = (n: number) => countRows(run, n);
  await using page = await serveStatus(() => statusOf(store, opened), rows, address);
  info(`${run.name}: a page at http://${address.host}:${page.port}/, until Ctrl-C`);
  if (!signal.aborted) await once(signal, "abort");
  return EXIT.ok;
}

/** `inctrl cluster retry`. */
export async function runRetry({ runs, run, redis, split }: RetryOptions): Promise<number> {
  const store = await openStore(runs, run);
  try {
    await using opened = await queueOf(redis);
    info(`${run}: ${count(await retryDead(store, run, opened, split), "job")} in the queue again`);
    return EXIT.ok;
  } finally {
    store.close();
  }
}
