import { hashFile, openDataSet, type Sample } from "@inctrl/datasets";
import { Encoder, evaluate, type RunFacts, writeReport } from "@inctrl/detect";
import { inctrl } from "@inctrl/inctrl";
import { adapterName } from "../device.js";
import { version } from "../version.js";
import { type DemoModel, SHOTS } from "./model.js";

/** Evaluates the products as `inctrl eval` does and writes its report. Returns null where it was stopped. */
export async function evaluateProducts(
  { backbone, heads, file }: DemoModel,
  products: string,
  drawn: ReadonlySet<string>,
  out: string,
  signal: AbortSignal,
): Promise<string | null> {
  const data = `mvtec:${products}`;
  const { categories, ...set } = await openDataSet(data);
  const ours = (samples: readonly Sample[]) =>
    samples.filter(({ source }) => source && drawn.has(source.path));
  const dataSet = {
    ...set,
    name: "Products of the demo",
    categories: categories
      .map((each) => ({ ...each, train: ours(each.train), test: ours(each.test) }))
      .filter(({ test }) => test.length > 0),
  };
  const detector = inctrl(new Encoder(backbone), { heads });
  const evaluation = await evaluate({ detector, dataSet, shots: [SHOTS], seeds: 0, signal });
  if (!evaluation.complete) return null;
  const facts: RunFacts = {
    version: version(),
    date: new Date().toISOString(),
    data,
    backbone: backbone.name,
    fingerprint: backbone.fingerprint,
    heads: { file, sha256: await hashFile(file) },
    class: null,
    dtype: "float32",
    device: adapterName(backbone.device.caps),
  };
  return writeReport(out, { evaluation, facts, dataSet, detector });
}
