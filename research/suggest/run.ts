// Compares prompts that `inctrl bank suggest` chooses with prompts drawn at random, on real sets.
import { existsSync } from "node:fs";
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Category, drawPrompts, readAs, type Sample, writeFileAtomic } from "@inctrl/datasets";
import {
  auroc,
  CachedEncoder,
  coverPool,
  FeatureStore,
  fitImages,
  measureWindow,
  openBackbone,
  scoreImages,
  TensorCache,
} from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { provenance, thisMachine } from "../../bench/src/report/results.js";
import { jsonLine, readLines } from "../report.js";
import { openSet, REAL_SETS, thinned } from "../sets.js";
import { type Compared, tableOf } from "./table.js";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    backbone: { type: "string", default: "nano" },
    sets: { type: "string", default: "" },
    classes: { type: "string", default: "4" },
    pool: { type: "string", default: "60" },
    /** Test images of a category at most, half of them good. */
    tested: { type: "string", default: "60" },
    draws: { type: "string", default: "5" },
    shots: { type: "string", default: "4" },
    /** Keeps features, so that each image is encoded once for all draws, and what was found, so that a stopped study goes on. */
    work: { type: "string", default: "suggest-work" },
    out: { type: "string", default: join(import.meta.dirname, "results.md") },
  },
});
const { data, backbone: network, work, out } = values;
if (data === undefined)
  throw new Error(
    "usage: run.ts --data DIR [--backbone FILE] [--sets NAMES] [--classes N] [--pool N] [--tested N] [--draws N] [--work DIR]",
  );
const [classes, most, tested, draws, shots] = [
  ...[values.classes, values.pool, values.tested, values.draws, values.shots],
].map(Number);

await mkdir(work, { recursive: true });
using device = await openDevice();
using backbone = await openBackbone(device, network, {});
const encoder = new CachedEncoder(new FeatureStore(backbone, await TensorCache.open(join(work, "features"))));
const symmetries = 1;
const detector = residual(encoder, { symmetries });

/** AUROC of test images by some prompts, null where they are of one kind alone. Images that cannot be read are left out. */
async function aurocOf(prompts: readonly Sample[], test: readonly Sample[]): Promise<number | null> {
  using fitted = await fitImages(detector, prompts);
  const [labels, scores]: [number[], number[]] = [[], []];
  let at = 0;
  for await (const result of scoreImages(fitted, test)) {
    const { label } = test[at++];
    if ("error" in result) continue;
    labels.push(label);
    scores.push(result.score);
  }
  return auroc(labels, scores);
}

/** Both ways of choosing on one category; null where its pool is too small, or its test images are of one kind. */
async function compare(set: string, { name, train, test: all }: Category): Promise<Compared | null> {
  const normal = thinned(
    train.filter(({ label }) => label === 0),
    most,
  );
  if (normal.length < 2 * shots) return null;
  const { window } = await measureWindow(normal);
  const pool = normal.map((sample) => readAs(sample, { window }));
  const half = (wanted: 0 | 1) =>
    thinned(
      all.filter(({ label }) => label === wanted),
      tested / 2,
    );
  const test = [...half(0), ...half(1)].map((sample) => readAs(sample, { window }));
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
for (const spec of REAL_SETS) {
  const [format] = spec.split(":");
  if (values.sets !== "" && !values.sets.split(",").includes(format)) continue;
  const { name, categories } = await openSet(spec, data);
  const begun = performance.now();
  for (const category of categories.slice(0, classes)) {
    const known = kept.find(
      (one) => one.asked === asked && one.compared.set === name && one.compared.category === category.name,
    );
    const found = known?.compared ?? (await compare(name, category));
    if (!found) continue;
    if (!known) await appendFile(file, jsonLine({ asked, compared: found }));
    compared.push(found);
  }
  console.error(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
const { machine } = await thisMachine();
const { date, commit } = await provenance(machine);
const made = `Commit ${commit}, ${date}; ${machine.adapter}.`;
await writeFileAtomic(out, tableOf(compared, { network: backbone.name, shots, draws, made }));
