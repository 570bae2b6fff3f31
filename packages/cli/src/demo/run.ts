import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ProceduralClass, writeProceduralSet } from "@inctrl/synth";
import type { DemoOptions } from "../commands/demo.js";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { drawAll, withMapStore } from "../heatmaps.js";
import { print } from "../output/print.js";
import { stopIfAborted } from "../signals.js";
import { duration } from "../ui/amounts.js";
import { info } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";
import { type ClassAreas, type DemoModel, openDemoModel, SHOTS } from "./model.js";
import { evaluateProducts } from "./report.js";
import { printClass, scoreClass } from "./score.js";

/** Classes that neither the backbone nor the heads were trained on. */
const CLASSES: readonly ProceduralClass[] = ["fabric", "mesh", "metal"];
const SIZES = { train: SHOTS, testGood: 5, testBad: 7 } as const;

/** Draws products, scores them class by class, draws heat maps and a report, and prints the AUROC. */
export async function runDemo(
  { out, seed, device: choice }: DemoOptions,
  signal: AbortSignal,
): Promise<number> {
  const started = performance.now();
  const products = join(out, "products");
  await mkdir(join(out, "heatmaps"), { recursive: true });
  const drawn = await drawProducts(products, seed);
  stopIfAborted(signal);
  return withDevice(choice, async (device) => {
    const model = await openDemoModel(device);
    using _backbone = model.backbone;
    using _heads = model.heads;
    info(`backbone: ${model.backbone.name} with its heads on ${adapterName(device.caps)}`);
    const areas = await scoreAll(model, products, drawn, join(out, "heatmaps"), signal);
    if (!areas) return EXIT.interrupted;
    const report = await evaluateProducts(model, products, drawn, out, signal);
    if (!report) return EXIT.interrupted;
    const mean = (key: keyof ClassAreas) =>
      (areas.reduce((sum, each) => sum + each[key], 0) / areas.length).toFixed(4);
    await print(
      `heat maps: ${join(out, "heatmaps")}\nreport: ${report}\n` +
        `AUROC ${mean("full")}  (full model, mean of ${areas.length} classes, ${SHOTS} prompts each)\n` +
        `AUROC ${mean("residual")}  (patch residual alone)\n`,
    );
    info(`done in ${duration((performance.now() - started) / 1000)}`);
    return EXIT.ok;
  });
}

/** Draws the products and returns their paths. The folder may hold files of an older version, which the demo leaves out. */
async function drawProducts(folder: string, seed: number): Promise<ReadonlySet<string>> {
  const total = CLASSES.length * (SIZES.train + SIZES.testGood + SIZES.testBad);
  info(`drawing ${total} pictures of products (${CLASSES.join(", ")}), with and without defects`);
  const progress = startProgress(total, { verb: "drawing products" });
  const options = { classes: CLASSES, seed, ...SIZES, onProgress: progress.update };
  return new Set(await writeProceduralSet(folder, options).finally(progress.stop));
}

/** Scores, prints and draws class by class, each in a colour scale of its own. Returns null where it was stopped. */
async function scoreAll(
  model: DemoModel,
  products: string,
  drawn: ReadonlySet<string>,
  folder: string,
  signal: AbortSignal,
): Promise<ClassAreas[] | null> {
  const areas: ClassAreas[] = [];
  for (const name of CLASSES) {
    const finished = await withMapStore(folder, async (maps) => {
      const { album, scores } = await scoreClass(model, join(products, name), drawn, maps, signal);
      if (signal.aborted) return false;
      areas.push(await printClass(name, products, scores));
      await drawAll(folder, maps, album, signal);
      return !signal.aborted;
    });
    if (!finished) return null;
  }
  return areas;
}
