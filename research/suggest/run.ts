// Compares prompts that `inctrl bank suggest` chooses with prompts drawn at random, on real sets.
import { existsSync } from "node:fs";
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Category, drawPrompts, readAs, type Sample, writeFileAtomic } from "@inctrl/datasets";
import {
  CachedEncoder,
  coverPool,
  FeatureStore,
  fitImages,
  imageAuroc,
  measureWindow,
  openBackbone,
  TensorCache,
} from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { studyArguments } from "../arguments.js";
import { madeHere } from "../made.js";
import { jsonLine, readLines } from "../report.js";
import { realSets, thinnedOf } from "../sets.js";
import { type Compared, tableOf } from "./table.js";

const study = studyArguments(["data"], {
  backbone: "nano",
  sets: "",
  classes: 4,
  pool: 60,
  /** Test images of a category at most, half of them good. */
  tested: 60,
  draws: 5,
  shots: 4,
  /** Keeps features, so that each image is encoded once for all draws, and what was found, so that a stopped study goes on. */
  work: "suggest-work",
  out: join(import.meta.dirname, "results.md"),
});
const { data, backbone: network, classes, pool: most, tested, draws, shots, work, out } = study;

await mkdir(work, { recursive: true });
using device = await openDevice();
using backbone = await openBackbone(device, network, {});
const encoder = new CachedEncoder(new FeatureStore(backbone, await TensorCache.open(join(work, "features"))));
const symmetries = 1;
const detector = residual(encoder, { symmetries });

/** AUROC of test images by some prompts, null where they are of one kind alone. Images that cannot be read are left out. */
async function aurocOf(prompts: readonly Sample[], test: readonly Sample[]): Promise<number | null> {
  using fitted = await fitImages(detector, prompts);
  return await imageAuroc(fitted, test);
}

/** Both ways of choosing on one category; null where its pool is too small, or its test images are of one kind. */
async function compare(set: string, { name, train, test: all }: Category): Promise<Compared | null> {
  const normal = thinnedOf(train, 0, most);
  if (normal.length < 2 * shots) return null;
  const { window } = await measureWindow(normal);
  const pool = normal.map((sample) => readAs(sample, { window }));
  const half = ([0, 1] as const).flatMap((kind) => thinnedOf(all, kind, tested / 2));
  const test = half.map((sample) => readAs(sample, { window }));
  const { chosen } = await coverPool(encoder, pool, { shots, most, symmetries });
  const names = new Set(chosen.map(({ name }) => name));
  const suggested = await aurocOf(
    pool.filter(({ id }) => names.has(id)),
    test,
  );
  const random: number[] = [];
  for (let seed = 0; seed < draws; seed++)
    random.push((await aurocOf(drawPrompts(pool, shots, seed), test)) ?? Number.NaN);
  if (suggested === null) return null;
  return { set, category: name, pool: pool.length, tested: test.length, suggested, random };
}

/** Settings that must match for what was found to stand. */
const asked = JSON.stringify({ fingerprint: backbone.fingerprint, most, tested, draws, shots });
const file = join(work, "compared.jsonl");
const kept: { asked: string; compared: Compared }[] = existsSync(file) ? await readLines(file) : [];
const compared: Compared[] = [];
for await (const { dataSet } of realSets(data, study.sets)) {
  const { name, categories } = dataSet;
  for (const category of categories.slice(0, classes)) {
    const known = kept.find(
      (one) => one.asked === asked && one.compared.set === name && one.compared.category === category.name,
    );
    const found = known?.compared ?? (await compare(name, category));
    if (!found) continue;
    if (!known) await appendFile(file, jsonLine({ asked, compared: found }));
    compared.push(found);
  }
}
const made = await madeHere();
await writeFileAtomic(out, tableOf(compared, { network: backbone.name, shots, draws, made }));
