import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { ClusterError } from "../errors.js";

/** Where something is served; port 0 is a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Serves HTTP until it is disposed of.
 *
 * @throws ClusterError `metrics` where the address cannot be had.
 */
export async function listen(
  answer: RequestListener,
  { host, port }: Address,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(answer);
  server.listen(port, host);
  await once(server, "listening").catch((error: Error) => {
    throw new ClusterError("metrics", `${host}:${port}: ${error.message}; choose another port`);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
