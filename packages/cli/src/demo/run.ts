import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { type ModelConfig, parseConfig } from "@inctrl/clip";
import {
  drawPrompts,
  type Item,
  type ProceduralClass,
  readProductSet,
  writeProceduralSet,
} from "@inctrl/datasets";
import {
  auroc,
  averagePrecision,
  type Backbone,
  PromptBank,
  randomBackbone,
  readPrompts,
  Scorer,
  scoreImages,
} from "@inctrl/inctrl";
import { adapterName, withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { drawHeatmaps, PromptAlbum, spooled } from "../heatmaps/draw.js";
import { Spool } from "../heatmaps/spool.js";
import { print } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { stopIfAborted } from "../signals.js";
import { startProgress } from "../ui/progress.js";
import { duration, say } from "../ui/talk.js";

interface DemoOptions {
  readonly out: string;
  readonly seed: number;
  readonly device?: string;
}

const CLASSES: readonly ProceduralClass[] = ["fabric", "mesh", "metal"];
const SHOTS = 4;
const SIZES = { train: SHOTS, testGood: 6, testBad: 10 } as const;

/** A shallow, wide tower, compared at its last block: without training, depth adds time and no insight. */
function untrainedConfig(): ModelConfig {
  const vit = { img_size: 240, patch_size: 16, embed_dim: 384, depth: 2, num_heads: 6 };
  return { ...parseConfig(vit), outBlocks: [2] };
}

/** An image of a class with its score. */
interface Scored {
  readonly item: Item;
  readonly score: number;
}

/** Draws the products, scores them class by class, draws the heat maps and ends with the AUROC. */
export async function runDemo(
  { out, seed, device: choice }: DemoOptions,
  signal: AbortSignal,
): Promise<number> {
  const started = performance.now();
  const products = join(out, "products");
  const maps = join(out, "heatmaps");
  await mkdir(maps, { recursive: true });
  await drawProducts(products, seed);
  stopIfAborted(signal);
  return withDevice(choice, async (device) => {
    using backbone = await randomBackbone(device, untrainedConfig(), seed);
    say(`backbone: ${backbone.name} on ${adapterName(device.caps)}`);
    say('it has learnt nothing, so real weights do better: "inctrl models" lists some to download');
    const spool = await Spool.open(maps);
    try {
      const areas: number[] = [];
      const albums = new Map<string, PromptAlbum>();
      for (const name of CLASSES) {
        const { album, scores } = await scoreClass(backbone, join(products, name), spool, signal);
        if (signal.aborted) return EXIT.interrupted;
        for (const { item } of scores) albums.set(item.path, album);
        areas.push(await printClass(name, products, scores));
      }
      await drawHeatmaps({ folder: maps, spool, album: ({ image }) => albums.get(image)!, signal });
      if (signal.aborted) return EXIT.interrupted;
      const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
      const classes = `mean of ${areas.length} classes, ${SHOTS} prompts each`;
      await print(`AUROC ${mean.toFixed(4)}  (${classes})\nheat maps: ${maps}\n`);
      say(`done in ${duration((performance.now() - started) / 1000)}`);
      return EXIT.ok;
    } finally {
      await spool.close();
    }
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

/** Scores a class's test images against its first K good ones; their maps go to the spool. */
async function scoreClass(
  backbone: Backbone,
  folder: string,
  spool: Spool,
  signal: AbortSignal,
): Promise<{ album: PromptAlbum; scores: Scored[] }> {
  const { name, train, test } = await readProductSet(folder);
  const prompts = drawPrompts(
    train.map((item) => item.path),
    SHOTS,
  );
  using bank = await PromptBank.encode(backbone, await readPrompts(prompts, backbone, "crop"));
  using scorer = new Scorer({ backbone, bank });
  const album = new PromptAlbum(bank, backbone);
  const items = new Map(test.map((item) => [item.path, item]));
  const scores: Scored[] = [];
  const progress = startProgress(items.size, { verb: `scoring ${name}` });
  try {
    for await (const result of scoreImages(scorer, items.keys(), { signal })) {
      if ("error" in result) throw result.error;
      const item = items.get(result.image)!;
      const file = relative(join(folder, "test"), item.path)
        .replace(/\.png$/, "")
        .replaceAll(/[/\\]/g, "-");
      await spool.add(spooled(result, `${name}-${file}`, bank));
      scores.push({ item, score: result.score });
      progress.update(scores.length);
    }
  } finally {
    progress.stop();
  }
  return { album, scores };
}

/** Prints a class's images from the most anomalous down, and its AUROC, which is returned. */
async function printClass(name: string, products: string, scores: readonly Scored[]): Promise<number> {
  const labels = scores.map(({ item }) => item.label);
  const values = scores.map(({ score }) => score);
  const area = auroc(labels, values);
  const precision = averagePrecision(labels, values);
  if (area === null || precision === null)
    throw new CliError("input", `${name}: only one kind of image was drawn`);
  const rows = scores
    .toSorted((a, b) => b.score - a.score)
    .map(({ item, score }) => [
      score.toFixed(4),
      item.label ? item.kind : "good",
      relative(products, item.path),
    ]);
  await print(
    `${name}: AUROC ${area.toFixed(4)}, average precision ${precision.toFixed(4)}\n${alignTable([["score", "truth", "image"], ...rows])}\n`,
  );
  return area;
}
