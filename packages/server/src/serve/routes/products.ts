import { z } from "zod";
import type { App, AppOptions } from "../app.js";
import type { ProductState } from "../catalogue.js";
import type { Learning } from "../learning.js";
import { Refusal } from "../refusal.js";
import { type ProductAnswer, productAnswer, productParams, refusalAnswer, undoBody } from "../schemas.js";

/** What is served, and how it learns. */
export function productRoutes(app: App, { service, reviews }: AppOptions, learning: Learning): void {
  const tell = ({ name, state, problem }: ProductState): ProductAnswer => {
    const product = service.catalogue.find(name);
    const { status, alpha, n, threshold } = product?.judge?.line ?? {};
    const { version = null, last = null } = product?.about ?? {};
    const { refused } = learning;
    return {
      ...{ name, state, problem, ids: product?.ids ?? null, method: product?.fitted.detector.name ?? null },
      calibration: product?.judge ? ({ status, alpha, n, threshold } as ProductAnswer["calibration"]) : null,
      promise: [...(product?.promise ?? [])],
      drift: product?.drift?.text ?? null,
      prompts: product?.fitted.prompts.map(({ name, sha256 }) => ({ name, sha256 })) ?? [],
      orientation: product?.fitted.reading.orientation ?? null,
      version,
      last_change: last && {
        ...{ version: last.version, what: last.what, images: last.images.length, made: last.made },
      },
      reviews: reviews !== null,
      learn: product
        ? { as: product.about.learntAs, count: learning.waiting(product).length, refused }
        : null,
    };
  };
  const tellOf = (name: string): ProductAnswer => {
    const state = service.catalogue.states().find((each) => each.name === name);
    if (state) return tell(state);
    throw new Refusal(404, "no-product", `there is no product ${name}; GET /v1/products lists them`);
  };
  app.get(
    "/v1/products",
    {
      schema: { summary: "all products", response: { 200: z.object({ products: z.array(productAnswer) }) } },
    },
    async () => ({ products: service.catalogue.states().map(tell) }),
  );
  const one = {
    params: productParams,
    response: { 200: productAnswer, 403: refusalAnswer, 404: refusalAnswer, 409: refusalAnswer },
  };
  app.get(
    "/v1/products/:name",
    { schema: { ...one, summary: "a product: its prompts and what its line promises" } },
    async ({ params: { name } }) => tellOf(name),
  );
  app.post(
    "/v1/products/:name/learn",
    {
      schema: {
        ...one,
        summary: "the next version of a bank, which knows the parts that were confirmed as good",
        description:
          "As inctrl bank add does. What is served changes once the new version was opened and tested.",
      },
    },
    async ({ params: { name } }) => {
      await learning.learn(name);
      return tellOf(name);
    },
  );
  app.post(
    "/v1/products/:name/undo",
    { schema: { ...one, summary: "takes back what a bank learnt last", body: undoBody } },
    async ({ params: { name }, body: { version } }) => {
      await learning.undo(name, version);
      return tellOf(name);
    },
  );
}
