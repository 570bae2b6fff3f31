import type { FastifyRequest } from "fastify";
import { Refusal } from "./refusal.js";

const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i;

/**
 * A hook against web pages that reach for the service through a visitor's browser: a page of another origin is refused, and, where the
 * service is for this machine alone, so is a name that somebody else made lead here.
 */
export function checkOrigin(loopback: boolean) {
  return async ({ headers: { host = "", origin } }: FastifyRequest): Promise<void> => {
    if (loopback && !LOCAL.test(host))
      throw new Refusal(
        403,
        "host",
        "this service is for its own machine alone; call it localhost or 127.0.0.1",
      );
    if (origin !== undefined && origin.replace(/^https?:\/\//, "") !== host)
      throw new Refusal(403, "origin", "web pages of other origins are not answered");
  };
}
