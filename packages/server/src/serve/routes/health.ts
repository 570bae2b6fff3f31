import { z } from "zod";
import { ALWAYS } from "../admission.js";
import type { App, AppOptions } from "../app.js";

const ready = z.object({
  state: z.enum(["starting", "ready", "reopening", "failed", "closed"]),
  products: z.array(z.object({ name: z.string(), state: z.enum(["serving", "opening", "error"]) })),
});

/** Whether the process lives, and whether it can score. These need no token and tell no secret. */
export function healthRoutes(app: App, { service }: AppOptions): void {
  const isReady = () => service.state === "ready";
  app.get(
    "/livez",
    {
      config: ALWAYS,
      schema: { summary: "the process answers", response: { 200: z.object({ state: z.literal("live") }) } },
    },
    async () => ({ state: "live" as const }),
  );
  app.get(
    "/readyz",
    {
      schema: {
        summary: "the device is open, and every product that is served passed its self-test",
        response: { 200: ready, 503: ready },
      },
    },
    async (_request, reply) => {
      const products = service.catalogue.states().map(({ name, state }) => ({ name, state }));
      return reply.code(isReady() ? 200 : 503).send({ state: service.state, products });
    },
  );
  // The Open Inference Protocol's names for the same.
  const flag = (name: string) => z.object({ [name]: z.boolean() });
  app.get(
    "/v2/health/live",
    { config: ALWAYS, schema: { summary: "as /livez", response: { 200: flag("live") } } },
    async () => ({ live: true }),
  );
  app.get(
    "/v2/health/ready",
    { schema: { summary: "as /readyz", response: { 200: flag("ready"), 503: flag("ready") } } },
    async (_request, reply) => reply.code(isReady() ? 200 : 503).send({ ready: isReady() }),
  );
}
