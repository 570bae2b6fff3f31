import { isIP } from "node:net";
import { ServerError } from "../errors.js";
import { Admission, type AdmissionLimits } from "./admission.js";
import { type AppOptions, buildApp } from "./app.js";
import { Reviews } from "./reviews.js";
import { Service, type ServiceOptions } from "./service.js";
import { Tokens } from "./tokens.js";

export interface ServeOptions
  extends ServiceOptions,
    Omit<AppOptions, "service" | "room" | "tokens" | "reviews" | "loopback" | "log"> {
  readonly admission: AdmissionLimits;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly tokenFile?: string;
  /** Whether everyone on the network may use the service. */
  readonly withoutToken: boolean;
  /** Where reviews are kept; without it there are none. */
  readonly reviewFolder?: string;
}

/** A service that listens. */
export interface Served extends AsyncDisposable {
  readonly service: Service;
  readonly address: string;
  /** The requests that are in. */
  readonly room: Pick<Admission, "requests">;
  /** Rejects when the service cannot go on. */
  readonly failed: Promise<never>;
  /** Looks at the products and the tokens again. */
  reload(): Promise<void>;
  /** Accepts nothing more, answers what is in, and frees the device. Further calls wait for the first. Disposing does the same. */
  close(): Promise<void>;
}

/** Whether only this machine reaches an address. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/**
 * Opens the device and the products, and listens.
 *
 * @throws ServerError `options` for an open address without tokens, `token-file`, `products`, `address`; what opening the engine throws.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { host, port, tokenFile, withoutToken, reviewFolder, log, describe } = options;
  const loopback = isLoopback(host);
  if (!loopback && tokenFile === undefined && !withoutToken)
    throw new ServerError(
      "options",
      `${host}: others on the network would reach the service without a token`,
    );
  const tokens = tokenFile === undefined ? null : await Tokens.read(tokenFile);
  const reviews = reviewFolder === undefined ? null : await Reviews.open(reviewFolder);
  const service = new Service(options);
  try {
    await service.start();
    const room = new Admission(options.admission);
    service.metrics.gauge("inctrl_parts_in", "Parts that arrive or wait.", () => room.requests);
    const app = await buildApp({ ...options, room, service, tokens, reviews, loopback });
    let busy = 0;
    app.server.on("request", (_, response) => {
      busy++;
      response.once("close", () => busy--);
    });
    const address = await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
      throw new ServerError(
        "address",
        `${host}:${port} cannot be listened on (${error.code}); choose another port`,
      );
    });
    const end = async () => {
      // Nothing more is accepted. Connections are cut as soon as every request on them is answered: some clients keep theirs for minutes.
      const sweep = setInterval(() => {
        if (busy === 0) app.server.closeAllConnections();
      }, 20);
      await app.close().finally(() => clearInterval(sweep));
      await service.close();
    };
    let ended: Promise<void> | undefined;
    const close = () => {
      ended ??= end();
      return ended;
    };
    return {
      ...{ service, address, room, failed: service.failed },
      async reload() {
        await tokens?.reload().catch((error) => log(`${describe(error)}; the tokens before stay`));
        await service.catalogue.refresh();
      },
      ...{ close, [Symbol.asyncDispose]: close },
    };
  } catch (error) {
    await service.close();
    throw error;
  }
}
