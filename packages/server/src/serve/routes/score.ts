import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { App, AppOptions } from "../app.js";
import { Refusal } from "../refusal.js";
import { partAnswer, productParams, refusalAnswer, scoreQuery } from "../schemas.js";

/** The route that a line calls: a picture in, a verdict out. */
export function scoreRoutes(app: App, { service, room, bodyLimit }: AppOptions): void {
  app.post(
    "/v1/products/:name/score",
    {
      config: { decides: true },
      schema: {
        summary: "the verdict of a picture",
        description:
          "The body is the file of a picture, or a form with one file in it. The same part, bytes and bank give the same answer, and are " +
          "scored once; a part that was decided on other bytes is refused with 409. In doubt the verdict is ERROR.",
        consumes: ["application/octet-stream", "image/*", "multipart/form-data"],
        params: productParams,
        querystring: scoreQuery,
        body: z.any().meta({ type: "string", format: "binary", description: "the file of a picture" }),
        response: {
          200: partAnswer,
          409: refusalAnswer,
          413: refusalAnswer,
          422: partAnswer,
          500: z.union([partAnswer, refusalAnswer]),
          503: refusalAnswer,
        },
      },
      // Room is taken before the body is read, and a product that is not there is told without reading it.
      async onRequest(request, reply) {
        service.product((request.params as { name: string }).name);
        const length = Number(request.headers["content-length"] ?? bodyLimit);
        if (length > bodyLimit)
          throw new Refusal(
            413,
            "too-large",
            `a body has at most ${bodyLimit} bytes; send a smaller picture`,
          );
        const give = takeRoom();
        held.set(request, give);
        // Also for a client that goes away in the middle of its body.
        reply.raw.once("close", () => {
          if (!working.has(request)) give();
        });
        function takeRoom() {
          try {
            return room.take(length);
          } catch (error) {
            service.metrics.refused.inc();
            throw error;
          }
        }
      },
    },
    async (request, reply) => {
      working.add(request);
      try {
        const image = request.isMultipart() ? await formFile(request) : (request.body as Buffer);
        if (!Buffer.isBuffer(image))
          throw new Refusal(415, "content-type", "send the file of a picture as the body");
        const { answer } = await service.score(request.params.name, request.query.part, image);
        // A score that is not finite is our fault, everything else the picture's.
        const status = answer.error === null ? 200 : answer.error.code === "score" ? 500 : 422;
        return reply.code(status).send(answer);
      } finally {
        held.get(request)?.();
      }
    },
  );
}

/** The room that requests hold, and those whose handler gives it back. */
const held = new WeakMap<FastifyRequest, () => void>();
const working = new WeakSet<FastifyRequest>();

/** The one file of a form. */
async function formFile(request: FastifyRequest): Promise<Buffer> {
  const file = await request.file();
  if (!file) throw new Refusal(422, "no-file", "the form has no file; send the picture as one");
  return await file.toBuffer();
}
