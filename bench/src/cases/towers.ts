import { findConfig } from "@inctrl/clip";
import { towerModel, vitTower } from "@inctrl/onnx";
import type { Bench } from "../bench.js";
import type { Case, Row } from "../case.js";
import { ONNX_PEERS } from "../peers/index.js";
import { findDeit, operationsOf, towerOperations, towerProducts, withParameters } from "../towers.js";
import { all, ours } from "./contestants.js";
import { compareNetwork } from "./network.js";

const MODELS = ["deit_tiny_patch16_224", "ViT-B-16-plus-240"];
const QUICK_MODELS = ["vit_tiny_patch16_224"];

export const towers: Case = {
  name: "towers",
  title:
    "Whole image towers, one image; onnxruntime runs an ONNX file written from the same weights. Linear layers: which part of our time their products take by themselves, without biases, activations and residuals. GEMM: the same with attention's two products, at the linear layers' rate",
  async *run(bench) {
    for (const model of bench.quick ? QUICK_MODELS : MODELS) yield* await tower(bench, model);
  },
};

const PRODUCT = "product ";

async function tower(bench: Bench, model: string): Promise<Row[]> {
  const config = findConfig(model);
  const weights = model.startsWith("deit") ? await findDeit(bench.deit) : undefined;
  const products = towerProducts(config);
  const rows = await compareNetwork(bench, {
    ...{ case: "towers", model, size: `${model}, ${weights ? "trained" : "seeded"} weights` },
    outputs: config.embedDim,
    write: () => withParameters(config, weights, (read) => towerModel(vitTower(config, read), { batch: 1 })),
    contestants: (onnx) => [
      ...all(ONNX_PEERS, "tower", { model, weights, onnx }, towerOperations(config) / 1e9),
      ...products.map(({ count, ...sizes }, i) =>
        ours("gemm", sizes, { subject: `${PRODUCT}${i}`, yardstick: true }),
      ),
    ],
  });
  return withProductShare(rows, products, towerOperations(config));
}

/** Joins the times of the products alone into one figure, in place of their rows. `operations` counts the whole tower's. */
function withProductShare(
  rows: readonly Row[],
  products: ReturnType<typeof towerProducts>,
  operations: number,
): Row[] {
  let linearMs = 0;
  for (const [i, { count }] of products.entries())
    linearMs += count * (rows.find(({ subject }) => subject === PRODUCT + i)?.medianMs ?? Number.NaN);
  const productMs = (linearMs * operations) / operationsOf(products);
  return rows
    .filter(({ subject }) => !subject.startsWith(PRODUCT))
    .map((row) =>
      row.subject === "ours" && row.medianMs !== null
        ? { ...row, ofGemm: productMs / row.medianMs, ofLinear: linearMs / row.medianMs }
        : row,
    );
}
