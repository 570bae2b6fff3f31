import { join } from "node:path";
import { hashFile, openDataSet, writeFileAtomic } from "@inctrl/datasets";
import { evaluate } from "@inctrl/inctrl";
import { adapterName } from "../device.js";
import type { RunFacts } from "../eval/facts.js";
import { chooseMistakes } from "../eval/report/choose.js";
import { reportPage } from "../eval/report/page.js";
import { drawMistakes } from "../eval/report/pictures.js";
import { version } from "../version.js";
import { type Eyes, SHOTS } from "./eyes.js";

/** Evaluates the products as `inctrl eval` would and writes its report; null where it was stopped. */
export async function writeReport(
  { backbone, heads, file }: Eyes,
  products: string,
  out: string,
  signal: AbortSignal,
): Promise<string | null> {
  const data = `mvtec:${products}`;
  const dataSet = { ...(await openDataSet(data)), name: "Products of the demo" };
  const evaluation = await evaluate({ backbone, dataSet, heads, shots: [SHOTS], seeds: 0, signal });
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
  const shown = await drawMistakes(chooseMistakes(evaluation), dataSet, { backbone, fit: "crop" });
  const path = join(out, "report.html");
  await writeFileAtomic(path, reportPage(evaluation, facts, shown));
  return path;
}
