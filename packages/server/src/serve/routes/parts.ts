import { imageHeader } from "@inctrl/datasets";
import type { z } from "zod";
import type { App, AppOptions } from "../app.js";
import { heatmapOf } from "../heatmap.js";
import type { Part } from "../parts.js";
import { Refusal } from "../refusal.js";
import {
  partAnswer,
  partParams,
  partsAnswer,
  partsQuery,
  productParams,
  refusalAnswer,
  reviewBody,
} from "../schemas.js";

/** What is kept of the last parts, and what people say of them. */
export function partRoutes(app: App, { service, reviews, maxPixels }: AppOptions): void {
  const find = ({ name, id }: z.output<typeof partParams>): Part => {
    const part = service.parts.find(name, id);
    if (part) return part;
    throw new Refusal(404, "no-part", `part ${id} of ${name} is not kept, or was never here`);
  };
  app.get(
    "/v1/products/:name/parts",
    {
      schema: {
        summary: "the last parts, the newest first",
        params: productParams,
        querystring: partsQuery,
        response: { 200: partsAnswer },
      },
    },
    async ({ params: { name }, query: { verdict, limit } }) => {
      const parts = [];
      const counts = { OK: 0, REVIEW: 0, NG: 0, ERROR: 0, none: 0 };
      for (const { answer } of service.parts.last(name)) {
        counts[answer.verdict ?? "none"]++;
        if (parts.length < limit && (verdict === undefined || answer.verdict === verdict)) parts.push(answer);
      }
      return { parts, counts };
    },
  );
  const one = { params: partParams };
  app.get(
    "/v1/products/:name/parts/:id",
    {
      schema: {
        ...one,
        summary: "a part, as it was answered",
        response: { 200: partAnswer, 404: refusalAnswer },
      },
    },
    async ({ params }) => find(params).answer,
  );
  app.get(
    "/v1/products/:name/parts/:id/image",
    { schema: { ...one, summary: "the picture's bytes, as they came" } },
    async ({ params }, reply) => {
      const { image } = find(params);
      const format = await imageHeader(image).then(
        (header) => header.format,
        () => null,
      );
      // What is no picture is never shown as anything.
      const type = format && SHOWN.has(format) ? `image/${format}` : "application/octet-stream";
      return reply
        .headers({
          "x-content-type-options": "nosniff",
          "content-security-policy": "default-src 'none'; sandbox",
        })
        .type(type)
        .send(image);
    },
  );
  // One at a time: drawing holds the process for a while.
  let last: Promise<unknown> = Promise.resolve();
  app.get(
    "/v1/products/:name/parts/:id/map",
    { schema: { ...one, summary: "the picture under its heat map, as PNG" } },
    async ({ params }, reply) => {
      const part = find(params);
      const product = service.product(params.name);
      using _ = product.use();
      const drawn = last.then(() => heatmapOf(part, product, maxPixels));
      last = drawn.catch(() => {});
      return reply.type("image/png").send(Buffer.from(await drawn));
    },
  );
  app.post(
    "/v1/products/:name/parts/:id/review",
    {
      schema: {
        ...one,
        summary: "what a person says of a part",
        body: reviewBody,
        response: { 200: partAnswer, 404: refusalAnswer, 409: refusalAnswer },
      },
    },
    async ({ params, body: { verdict } }) => {
      const part = find(params);
      if (!reviews)
        throw new Refusal(
          409,
          "no-reviews",
          "reviews are not kept here; start the service with --reviews FOLDER",
        );
      if (part.answer.verdict === "ERROR")
        throw new Refusal(
          409,
          "no-picture",
          "this part could not be told, so that nothing is learned from it",
        );
      const time = new Date().toISOString();
      await reviews.add(part, verdict, time);
      part.answer = { ...part.answer, review: { verdict, time } };
      service.metrics.reviews.inc({ product: params.name, verdict });
      return part.answer;
    },
  );
}

/** Formats that browsers show. */
const SHOWN: ReadonlySet<string> = new Set(["png", "jpeg", "gif", "webp", "bmp"]);
