import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SHIPPED_MODEL } from "@inctrl/clip";
import type { DataSet, Sample } from "@inctrl/datasets";
import { Encoder, meanOf, openBackbone, storedMaps, writeReport } from "@inctrl/detect";
import { Heads, inctrl, shippedHeads } from "@inctrl/inctrl";
import { type ProceduralClass, writeProceduralSet } from "@inctrl/synth";
import type { DemoOptions } from "../commands/demo.js";
import { openData } from "../datasets/open.js";
import { adapterName, withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { factsOf } from "../eval/facts.js";
import { drawAll, withMapStore } from "../heatmaps.js";
import { chooseMethod } from "../methods.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { stopIfAborted } from "../signals.js";
import { info, startClock } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { type ClassAreas, printClass, type ScoredClass, SHOTS, scoreClasses } from "./score.js";

/** Classes that neither the backbone nor the heads were trained on. */
const CLASSES: readonly ProceduralClass[] = ["fabric", "mesh", "metal"];
/** The demo scores as `score` does of itself. */
const NOTHING_MORE = { text: false, shipped: false } as const;
const SIZES = { train: SHOTS, testGood: 5, testBad: 7 } as const;

/** Draws products, scores them class by class, draws heat maps and a report, and prints the AUROC. */
export async function runDemo(
  { out, seed, device: choice }: DemoOptions,
  signal: AbortSignal,
): Promise<number> {
  const noteEnd = startClock();
  await using _ = await holdFolder(out);
  const maps = join(out, "heatmaps");
  await mkdir(maps, { recursive: true });
  const data = `mvtec:${join(out, "products")}`;
  const dataSet = await drawProducts(join(out, "products"), data, seed);
  stopIfAborted(signal);
  return await withDevice(choice, async (device) => {
    const file = shippedHeads(SHIPPED_MODEL);
    if (!file)
      throw new CliError("input", `the heads of ${SHIPPED_MODEL} are missing; install the packages again`);
    using backbone = await openBackbone(device, SHIPPED_MODEL);
    using heads = await Heads.load(file, device);
    info(`backbone: ${backbone.name} on ${adapterName(device.caps)}`);
    const { method, settings } = chooseMethod({ backbone: SHIPPED_MODEL, set: {} }, {}, NOTHING_MORE);
    const encoder = new Encoder(backbone, method.input?.(backbone, settings));
    const detector = method.create(encoder, settings);
    const detectors = { detector, full: inctrl(encoder, { heads }) };
    const { evaluation, classes } = await scoreClasses(detectors, dataSet, join(out, "products"), signal);
    const areas: ClassAreas[] = [];
    for (const scored of classes) {
      areas.push(await printClass(scored));
      await drawClass(maps, scored, signal);
    }
    if (!evaluation.complete || signal.aborted) return EXIT.interrupted;
    const facts = factsOf(backbone, { data, heads: null, class: null, dtype: "float32" });
    const found = (category: string, id: string) =>
      classes.find(({ name }) => name === category)?.images.find(({ found }) => found.image === id)?.found;
    const report = await writeReport(out, { evaluation, facts, dataSet, detector, found });
    const mean = (key: keyof ClassAreas) => meanOf(areas.map((each) => each[key])).toFixed(4);
    await print(
      `heat maps: ${maps}\nreport: ${report}\n` +
        `AUROC ${mean("residual")}  (patch residual, mean of ${areas.length} classes, ${SHOTS} prompts each)\n` +
        `AUROC ${mean("full")}  (full model, with ${SHIPPED_MODEL}'s heads)\n`,
    );
    noteEnd();
    return EXIT.ok;
  });
}

/** Draws the products into a folder and opens them. Files of an older version in the folder are left out. */
async function drawProducts(folder: string, data: string, seed: number): Promise<DataSet> {
  const total = CLASSES.length * (SIZES.train + SIZES.testGood + SIZES.testBad);
  info(`drawing ${total} pictures of products (${CLASSES.join(", ")}), with and without defects`);
  const written = await withProgress({ total, verb: "drawing products" }, (onProgress) =>
    writeProceduralSet(folder, { classes: CLASSES, seed, ...SIZES, onProgress }),
  );
  const drawn = new Set(written);
  const ours = (samples: readonly Sample[]) =>
    samples.filter(({ source }) => source && drawn.has(source.path));
  const { categories, ...set } = await openData(data);
  return {
    ...set,
    name: "Products of the demo",
    categories: categories
      .map((each) => ({ ...each, train: ours(each.train), test: ours(each.test) }))
      .filter(({ test }) => test.length > 0),
  };
}

/** Draws the maps of a class, in a colour scale of its own. */
async function drawClass(
  folder: string,
  { images, prompts, album }: ScoredClass,
  signal: AbortSignal,
): Promise<void> {
  await withMapStore(folder, async (maps) => {
    for (const { found, path } of images) {
      const name = found.image
        .replace("/test/", "-")
        .replace(/\.png$/, "")
        .replaceAll("/", "-");
      await maps.add(storedMaps({ ...found, image: path }, name, prompts));
    }
    await drawAll(folder, maps, album, signal);
  });
}
