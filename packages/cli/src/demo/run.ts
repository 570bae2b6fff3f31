import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ProceduralClass, writeProceduralSet } from "@inctrl/synth";
import type { DemoOptions } from "../commands/demo.js";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { drawHeatmaps } from "../heatmaps/draw.js";
import { Spool } from "../heatmaps/spool.js";
import { print } from "../output/print.js";
import { stopIfAborted } from "../signals.js";
import { duration } from "../ui/amounts.js";
import { info } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";
import { type ClassAreas, type Eyes, openEyes, SHOTS } from "./eyes.js";
import { writeReport } from "./report.js";
import { printClass, scoreClass } from "./score.js";

/** Drawn by a program of their own: neither backbone nor heads were trained on their like. */
const CLASSES: readonly ProceduralClass[] = ["fabric", "mesh", "metal"];
const SIZES = { train: SHOTS, testGood: 5, testBad: 7 } as const;

/** Draws the products, scores them class by class, draws the heat maps and the report, and ends with the AUROC. */
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
    const eyes = await openEyes(device);
    using _backbone = eyes.backbone;
    using _heads = eyes.heads;
    info(`backbone: ${eyes.backbone.name} with its heads on ${adapterName(device.caps)}`);
    const areas = await scoreAll(eyes, products, drawn, join(out, "heatmaps"), signal);
    if (!areas) return EXIT.interrupted;
    const report = await writeReport(eyes, products, drawn, out, signal);
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

/** The paths drawn: what an older version left in the folder is none of the demo's. */
async function drawProducts(folder: string, seed: number): Promise<ReadonlySet<string>> {
  const total = CLASSES.length * (SIZES.train + SIZES.testGood + SIZES.testBad);
  info(`drawing ${total} pictures of products (${CLASSES.join(", ")}), with and without defects`);
  const progress = startProgress(total, { verb: "drawing products" });
  const options = { classes: CLASSES, seed, ...SIZES, onProgress: progress.update };
  return new Set(await writeProceduralSet(folder, options).finally(progress.stop));
}

/** Scores, prints and draws class by class, each class's maps in colours of their own; null where it was stopped. */
async function scoreAll(
  eyes: Eyes,
  products: string,
  drawn: ReadonlySet<string>,
  maps: string,
  signal: AbortSignal,
): Promise<ClassAreas[] | null> {
  const areas: ClassAreas[] = [];
  for (const name of CLASSES) {
    const spool = await Spool.open(maps);
    try {
      const { album, scores } = await scoreClass(eyes, join(products, name), drawn, spool, signal);
      if (signal.aborted) return null;
      areas.push(await printClass(name, products, scores));
      await drawHeatmaps({ folder: maps, spool, album: () => album, signal });
      if (signal.aborted) return null;
    } finally {
      await spool.close();
    }
  }
  return areas;
}
