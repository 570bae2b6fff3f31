import { join } from "node:path";
import {
  isLoopback,
  notifySystemd,
  type OpenEngine,
  readPage,
  reviewsOf,
  type Served,
  type ServeOptions as ServiceSettings,
  serve,
} from "@inctrl/server/serve";
import { webPolicy, webRoot } from "@inctrl/web";
import type { ServeOptions } from "../commands/serve.js";
import { describe, EXIT } from "../errors.js";
import { recalibrationText } from "../output/recalibration.js";
import { interruptible } from "../signals.js";
import { info } from "../ui/log.js";
import { version } from "../version.js";
import { engineOf } from "./engine.js";

/** Milliseconds between looks at the folder of products. */
const POLL_MS = 2000;

/** Milliseconds without a result after which the device counts as lost. */
const STALL_MS = 120_000;

/** Milliseconds in which a request must have arrived whole. */
const REQUEST_MS = 30_000;

/** The mean of 5 seconds by which the event loop is late may be 2 seconds: then nothing is answered in time. */
const PRESSURE = { delayMs: 2000, sampleMs: 5000 } as const;

/** Serves until a signal says to stop. Returns the exit code. */
export async function runServe(options: ServeOptions): Promise<number> {
  let served: Served | null = null;
  const onHangup = () => void served?.reload();
  return await interruptible(
    async (signal) => {
      const page = await readPage(webRoot, webPolicy);
      served = await serve({ ...serviceOptions(options, engineOf(options, signal)), page });
      if (page) info(`the page: ${served.address}/`);
      const { service, address, failed } = served;
      announce(served, options);
      const stopping = notifySystemd(() => service.state === "ready");
      const stopped = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      try {
        await Promise.race([stopped, failed]);
      } finally {
        stopping();
        await served.close();
        info(`${address} is closed`);
      }
      return EXIT.ok;
    },
    { onHangup },
  );
}

/** The service of a command's options. */
export function serviceOptions(options: ServeOptions, openEngine: OpenEngine): ServiceSettings {
  const { tokenFile, reviews, maxMegapixels, timeout, connections, bodyLimit } = options;
  return {
    ...{ products: options.products, openEngine, version: version(), page: null },
    ...{ host: options.host, port: options.port, withoutToken: tokenFile === false },
    ...(tokenFile && { tokenFile }),
    ...(reviews !== undefined && { reviewFolder: reviews }),
    ...{ maxPixels: maxMegapixels * 1e6, keepBytes: options.keep, bodyLimit, maxConnections: connections },
    ...{ admission: { requests: options.queue, bytes: options.queueBytes } },
    ...{ timeoutMs: timeout * 1000, stallMs: STALL_MS, pollMs: POLL_MS, requestTimeoutMs: REQUEST_MS },
    ...{ log: info, describe, pressure: PRESSURE },
    proposal: (product, bank) =>
      recalibrationText(bank, reviews === undefined ? [] : [join(reviews, reviewsOf(product))]),
  };
}

/** Says where it listens, and what to try. */
function announce({ service, address }: Served, { host, tokenFile }: ServeOptions): void {
  const { backbone, adapter } = service.engine ?? {};
  const products = service.catalogue.states().filter(({ state }) => state === "serving");
  info(`listening on ${address}, with ${backbone} on ${adapter}`);
  if (!isLoopback(host))
    info(`others on the network reach it too, at this machine's address (--host ${host})`);
  const token = tokenFile ? ' -H "authorization: Bearer TOKEN"' : "";
  const url = `${address}/v1/products/${encodeURIComponent(products[0]?.name ?? "NAME")}/score?part=1`;
  info(`try: curl -H "content-type: image/png"${token} --data-binary @part.png "${url}"`);
}
