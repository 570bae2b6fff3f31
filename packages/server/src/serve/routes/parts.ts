import { imageHeader } from "@inctrl/datasets";
import { CodedError } from "@inctrl/tensor";
import type { z } from "zod";
import type { App, AppOptions } from "../app.js";
import { heatmapOf } from "../heatmap.js";
import type { Part } from "../parts.js";
import { Refusal, refusedChange } from "../refusal.js";
import {
  mapQuery,
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
  // One at a time, so that a verdict waits for one drawing at most.
  let last: Promise<unknown> = Promise.resolve();
  app.get(
    "/v1/products/:name/parts/:id/map",
    {
      schema: {
        ...one,
        summary: "the picture under its heat map, as PNG",
        description: "The header x-inctrl-scale holds the values at the two ends of the colours.",
        querystring: mapQuery,
      },
    },
    async ({ params, query: { legend } }, reply) => {
      const part = find(params);
      const product = service.product(params.name);
      using _ = product.use();
      const request = { maxPixels, legend: legend === "true" };
      const drawn = last.then(() => heatmapOf(part, product, service.pool, request));
      last = drawn.catch(() => {});
      const { png, scale } = await drawn;
      return reply
        .type("image/png")
        .header("x-inctrl-scale", `${scale.low} ${scale.high}`)
        .send(Buffer.from(png));
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
      await reviews.add(part, verdict, time).catch((error) => {
        throw error instanceof CodedError ? refusedChange(error) : error;
      });
      part.answer = { ...part.answer, review: { verdict, time } };
      service.metrics.reviews.inc({ product: params.name, verdict });
      return part.answer;
    },
  );
}

/** Formats that browsers show. */
const SHOWN: ReadonlySet<string> = new Set(["png", "jpeg", "gif", "webp", "bmp"]);
