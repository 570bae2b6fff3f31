import { z } from "zod";
import type { App, AppOptions } from "../app.js";
import type { ProductState } from "../catalogue.js";
import { Refusal } from "../refusal.js";
import { type ProductAnswer, productAnswer, productParams, refusalAnswer } from "../schemas.js";

/** What is served. */
export function productRoutes(app: App, { service }: AppOptions): void {
  const tell = ({ name, state, problem }: ProductState): ProductAnswer => {
    const product = service.catalogue.find(name);
    const { status, alpha, n, threshold } = product?.judge?.line ?? {};
    return {
      ...{ name, state, problem, ids: product?.ids ?? null, method: product?.fitted.detector.name ?? null },
      calibration: product?.judge ? ({ status, alpha, n, threshold } as ProductAnswer["calibration"]) : null,
      promise: [...(product?.promise ?? [])],
      drift: product?.drift?.text ?? null,
      prompts: product?.fitted.prompts.map(({ name, sha256 }) => ({ name, sha256 })) ?? [],
    };
  };
  app.get(
    "/v1/products",
    {
      schema: { summary: "all products", response: { 200: z.object({ products: z.array(productAnswer) }) } },
    },
    async () => ({ products: service.catalogue.states().map(tell) }),
  );
  app.get(
    "/v1/products/:name",
    {
      schema: {
        summary: "a product: its prompts and what its line promises",
        params: productParams,
        response: { 200: productAnswer, 404: refusalAnswer },
      },
    },
    async ({ params: { name } }) => {
      const state = service.catalogue.states().find((each) => each.name === name);
      if (!state)
        throw new Refusal(404, "no-product", `there is no product ${name}; GET /v1/products lists them`);
      return tell(state);
    },
  );
}
