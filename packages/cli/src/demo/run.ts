import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ProceduralClass, writeProceduralSet } from "@inctrl/datasets";
import type { Backbone } from "@inctrl/inctrl";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { drawHeatmaps, type PromptAlbum } from "../heatmaps/draw.js";
import { Spool } from "../heatmaps/spool.js";
import { print } from "../output/print.js";
import { stopIfAborted } from "../signals.js";
import { startProgress } from "../ui/progress.js";
import { duration, say } from "../ui/talk.js";
import { openDemoBackbone } from "./backbone.js";
import { writeReport } from "./report.js";
import { printClass, SHOTS, scoreClass } from "./score.js";

interface DemoOptions {
  readonly out: string;
  readonly seed: number;
  readonly device?: string;
}

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
  await drawProducts(products, seed);
  stopIfAborted(signal);
  return withDevice(choice, async (device) => {
    using backbone = await openDemoBackbone(device, seed);
    say(`backbone: ${backbone.name} on ${adapterName(device.caps)}`);
    say('it has learnt nothing, so real weights do better: "inctrl models" lists some to download');
    const areas = await scoreAll(backbone, products, join(out, "heatmaps"), signal);
    if (!areas) return EXIT.interrupted;
    const report = await writeReport(backbone, products, out, signal);
    if (!report) return EXIT.interrupted;
    const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
    await print(
      `AUROC ${mean.toFixed(4)}  (mean of ${areas.length} classes, ${SHOTS} prompts each)\n` +
        `heat maps: ${join(out, "heatmaps")}\nreport: ${report}\n`,
    );
    say(`done in ${duration((performance.now() - started) / 1000)}`);
    return EXIT.ok;
  });
}

async function drawProducts(folder: string, seed: number): Promise<void> {
  const total = CLASSES.length * (SIZES.train + SIZES.testGood + SIZES.testBad);
  say(`drawing ${total} pictures of products (${CLASSES.join(", ")}), with and without defects`);
  const progress = startProgress(total, { verb: "drawing products" });
  await writeProceduralSet(folder, { classes: CLASSES, seed, ...SIZES, onProgress: progress.update }).finally(
    progress.stop,
  );
}

/** Scores and prints class by class, then draws all heat maps; null where it was stopped. */
async function scoreAll(
  backbone: Backbone,
  products: string,
  maps: string,
  signal: AbortSignal,
): Promise<number[] | null> {
  const spool = await Spool.open(maps);
  try {
    const areas: number[] = [];
    const albums = new Map<string, PromptAlbum>();
    for (const name of CLASSES) {
      const { album, scores } = await scoreClass(backbone, join(products, name), spool, signal);
      if (signal.aborted) return null;
      for (const { item } of scores) albums.set(item.path, album);
      areas.push(await printClass(name, products, scores));
    }
    await drawHeatmaps({ folder: maps, spool, album: ({ image }) => albums.get(image)!, signal });
    return signal.aborted ? null : areas;
  } finally {
    await spool.close();
  }
}
