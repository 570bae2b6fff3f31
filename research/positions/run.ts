// Measures whether tiles that are compared by their place find more, on ELPV: cells of solar modules, each cut out at the same place.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { drawPrompts } from "@inctrl/datasets";
import {
  auroc,
  Encoder,
  encodePrompts,
  type FittedDetector,
  fileImages,
  openBackbone,
  scoreViews,
  spreadOf,
} from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { fillBetween } from "../../bench/src/report/fill.js";
import { studyArguments } from "../arguments.js";
import { markdown, shown } from "../report.js";
import { thinned } from "../sets.js";

const values = studyArguments(["data"], {
  backbone: ["nano"],
  draws: 3,
  /** Cells of each kind that are scored. */
  tested: 20,
  docs: false,
});
const folder = join(values.data, "elpv");
const [SHOTS, POOL, PREPROCESS] = [4, 20, { tile: 100, overlap: 12 }];

/** Cells of one kind with this share of experts who call them defective. */
async function cells(defective: number): Promise<string[]> {
  const lines = (await readFile(join(folder, "labels.csv"), "utf8")).trim().split(/\r?\n/);
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, share, kind]) => kind === "mono" && Number(share) === defective)
    .map(([file]) => join(folder, file));
}

const WAYS = {
  "all tiles": undefined,
  "its own place and those around it": "near",
  "its own place": "same",
} as const;

/** Cells that are scored: good ones that are in no draw, and defective ones. */
const testedOf = (good: readonly string[], bad: readonly string[]) =>
  [good.slice(POOL), bad].map((all) => thinned(all, values.tested));

/** AUROC of each way, mean over the draws. */
async function measure(
  network: string,
  good: readonly string[],
  bad: readonly string[],
): Promise<string[][]> {
  using device = await openDevice();
  using backbone = await openBackbone(device, network, {});
  const encoder = new Encoder(backbone, { fit: "tile", preprocess: PREPROCESS });
  const [sound, defective] = testedOf(good, bad);
  const tested = [...sound, ...defective];
  const labels = tested.map((_, i) => Number(i >= sound.length));
  const detector = residual(encoder, { symmetries: 1 });
  const fitted: FittedDetector[] = [];
  for (let seed = 0; seed < values.draws; seed++) {
    const prompts = await encodePrompts(encoder, fileImages(drawPrompts(good.slice(0, POOL), SHOTS, seed)));
    for (const positions of Object.values(WAYS)) fitted.push(await detector.fit(prompts, { positions }));
    for (const prompt of prompts) prompt.dispose();
  }
  const scores = fitted.map(() => tested.map(() => -Infinity));
  for await (using batch of encoder.encode(fileImages(tested)))
    for (const [f, each] of fitted.entries())
      for (const [v, { score }] of (await scoreViews(each, batch)).entries()) {
        const { image } = batch.views[v];
        scores[f][image] = Math.max(scores[f][image], score);
      }
  for (const each of fitted) each.dispose();
  const found = scores.map((own) => auroc(labels, own) as number);
  const ways = Object.keys(WAYS);
  return ways.map((way, w) => [
    `${way}, ${backbone.name}`,
    shown(spreadOf(found.filter((_, f) => f % ways.length === w))),
  ]);
}

const [good, bad] = [await cells(0), await cells(1)];
const rows: string[][] = [];
for (const network of values.backbone) rows.push(...(await measure(network, good, bad)));
const [sound, defective] = testedOf(good, bad);
const about = `${SHOTS} prompts of ${POOL} good cells, ${values.draws} draws; ${sound.length} other good cells and ${defective.length} defective ones; tiles of ${PREPROCESS.tile} pixels of 300.`;
const text = `${markdown(["a tile is compared with", "AUROC"], rows)}\nMonocrystalline cells of ELPV: ${about}`;
console.log(text);
const page = join(import.meta.dirname, "../../docs/scoring.md");
const marks = [
  "<!-- positions: written by research/positions/run.ts --docs -->",
  "<!-- /positions -->",
] as const;
if (values.docs) await fillBetween(page, ...marks, `\n${text}\n\n`);
