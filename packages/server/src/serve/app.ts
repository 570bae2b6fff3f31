import type { IncomingMessage, ServerResponse } from "node:http";
import bearerAuth from "@fastify/bearer-auth";
import multipart from "@fastify/multipart";
import swagger from "@fastify/swagger";
import underPressure from "@fastify/under-pressure";
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
} from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { type Admission, ALWAYS, type Pressure } from "./admission.js";
import { Learning } from "./learning.js";
import { checkOrigin } from "./origin.js";
import { addPage, type Page } from "./page.js";
import { Refusal } from "./refusal.js";
import type { Reviews } from "./reviews.js";
import { healthRoutes } from "./routes/health.js";
import { partRoutes } from "./routes/parts.js";
import { productRoutes } from "./routes/products.js";
import { scoreRoutes } from "./routes/score.js";
import type { Service } from "./service.js";
import type { Tokens } from "./tokens.js";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route is asked for a verdict: its refusals then say ERROR. */
    readonly decides?: boolean;
    /** What is done in place of a refusal while the event loop is late. */
    readonly pressureHandler?: () => void;
  }
}

export interface AppOptions {
  readonly service: Service;
  readonly version: string;
  /** Null: everyone who reaches the service may use it. */
  readonly tokens: Tokens | null;
  readonly reviews: Reviews | null;
  readonly page: Page | null;
  /** The room for parts that wait. */
  readonly room: Admission;
  /** Bytes of the largest body. */
  readonly bodyLimit: number;
  readonly maxPixels: number;
  /** Milliseconds in which a request must have arrived whole. */
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  readonly pressure: Pressure;
  /** Whether the service listens for this machine alone. */
  readonly loopback: boolean;
  readonly log: (line: string) => void;
}

/** The server with schemas of zod. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

const REFUSED = {
  verdict: "ERROR",
  error: { code: "token", message: "a token is needed; send the header authorization: Bearer TOKEN" },
};

/** The HTTP side of a service: routes, limits, tokens, the OpenAPI document. It does not listen yet. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { service, version, tokens, bodyLimit, requestTimeoutMs, log } = options;
  const app = fastify({
    ...{ bodyLimit, requestTimeout: requestTimeoutMs, keepAliveTimeout: 60_000, logger: false },
    ...{ forceCloseConnections: "idle" as const, routerOptions: { maxParamLength: 1000 } },
    http: { headersTimeout: Math.min(10_000, requestTimeoutMs), connectionsCheckingInterval: 1000 },
  }).withTypeProvider<ZodTypeProvider>() as App;
  app.server.maxConnections = options.maxConnections;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error: FastifyError | Refusal, request, reply) =>
    answerError(error, request, reply, log),
  );
  app.setNotFoundHandler((request, reply) =>
    answerError(
      new Refusal(404, "no-route", "there is no such address; GET /docs/json lists them"),
      request,
      reply,
      log,
    ),
  );
  app.addHook("onRequest", checkOrigin(options.loopback));
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    service.metrics.requests.inc({ route, status: String(reply.statusCode) });
  });
  // A picture is whatever its bytes say. Nothing here reads anything else than it and JSON.
  app.addContentTypeParser(
    /^(image\/.+|application\/octet-stream)$/,
    { parseAs: "buffer" },
    (_request, body, done) => done(null, body),
  );
  await app.register(multipart, {
    limits: { fileSize: bodyLimit, files: 1, fields: 8, fieldSize: 1000, parts: 9 },
  });
  await app.register(underPressure, {
    maxEventLoopDelay: options.pressure.delayMs,
    sampleInterval: options.pressure.sampleMs,
    pressureHandler() {
      throw new Refusal(503, "busy", "the machine is overloaded; try again soon", 5);
    },
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "InCTRL", description: "Verdicts on parts, from pictures.", version },
      ...(tokens && {
        components: { securitySchemes: { token: { type: "http" as const, scheme: "bearer" } } },
        security: [{ token: [] }],
      }),
    },
    transform: jsonSchemaTransform,
  });
  app.get("/docs/json", { schema: { hide: true } }, async () => app.swagger());
  await app.register(async (open: App) => healthRoutes(open, options));
  if (options.page) addPage(app, options.page);
  await app.register(async (guarded: App) => {
    if (tokens)
      await guarded.register(bearerAuth, {
        ...{ keys: new Set<string>(), auth: (key: string) => tokens.has(key), specCompliance: "rfc6749" },
        ...{ verifyErrorLogLevel: "silent", addHook: "onRequest", contentType: "application/json" },
        // Whoever asked for a verdict reads ERROR; the type of the library knows text alone.
        errorResponse: () => REFUSED as never,
      });
    scoreRoutes(guarded, options);
    partRoutes(guarded, options);
    const trusted = tokens !== null || options.loopback;
    productRoutes(guarded, options, new Learning({ ...options, trusted }));
    guarded.get("/metrics", { config: ALWAYS, schema: { hide: true } }, async (_request, reply) => {
      const { registry } = service.metrics;
      return reply.type(registry.contentType).send(await registry.metrics());
    });
  });
  await app.ready();
  return app;
}

/** The answer to an error: its code and one line, never a stack. What is our own fault is told in the log alone. */
function answerError(
  error: FastifyError | Refusal,
  request: FastifyRequest,
  reply: FastifyReply,
  log: (line: string) => void,
): FastifyReply {
  const { status, code, message, retryAfter } = refusalOf(error, log);
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  // The rest of a body that is too large is not read. Others are, so that a client that still sends sees why it is refused.
  if (status === 413) reply.header("connection", "close");
  if (status === 401) reply.header("www-authenticate", "Bearer");
  const verdict = request.routeOptions.config.decides ? { verdict: "ERROR" as const } : {};
  return reply
    .code(status)
    .type("application/json")
    .serializer(JSON.stringify)
    .send({ ...verdict, error: { code, message } });
}

function refusalOf(error: FastifyError | Refusal, log: (line: string) => void): Refusal {
  if (error instanceof Refusal) return error;
  const { statusCode = 500, code = "", message } = error;
  if (statusCode >= 400 && statusCode < 500)
    return new Refusal(statusCode, CODES[statusCode] ?? "request", message);
  log(`request failed (${code}): ${error.stack ?? message}`);
  return new Refusal(500, "internal", "the service failed; its log says more");
}

const CODES: Readonly<Record<number, string>> = {
  401: "token",
  404: "no-route",
  406: "not-multipart",
  408: "slow",
  413: "too-large",
  415: "content-type",
};
