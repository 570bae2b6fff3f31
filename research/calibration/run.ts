// Holds the promise of calibrated lines against real sets: good images of the training side set the line, the test side tries it.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Category, promptCandidates, type Sample, writeFileAtomic } from "@inctrl/datasets";
import { type Detector, Encoder, fitImages, openBackbone, scoreImages } from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { openSet, thinned } from "../sets.js";
import { type Scores, tableOf } from "./table.js";

const SETS = [
  ...[
    "brainmri:DIR/brainmri",
    "headct:DIR/headct",
    "elpv:DIR/elpv",
    "aitex:DIR/aitex",
    "sdd:DIR/kolektorsdd",
  ],
  ...["mvtec:DIR/mvtec", "mnist:DIR/mnist", "cifar10:DIR/cifar10"],
];

const SHOTS = 4;
/** Good images that set a line at most, and test images of a category at most. */
const [GOOD, TESTED] = [199, 100];

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    backbone: { type: "string", default: "nano" },
    classes: { type: "string", default: "4" },
  },
});
if (values.data === undefined) throw new Error("usage: run.ts --data DIR [--backbone FILE] [--classes N]");

using device = await openDevice();
using backbone = await openBackbone(device, values.backbone, {});
const detector = residual(new Encoder(backbone));
const found: Scores[] = [];
for (const spec of SETS) {
  const { name, categories } = await openSet(spec, values.data);
  for (const category of categories.slice(0, Number(values.classes))) {
    const begun = performance.now();
    found.push({ set: name, category: category.name, ...(await scoresOf(detector, category)) });
    console.error(`${name} ${category.name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  }
}
await writeFileAtomic(join(import.meta.dirname, "results.md"), tableOf(found, backbone.name));

/** Scores by the first prompts: of the other good training images, and of test images of either kind. */
async function scoresOf(detector: Detector, category: Category): Promise<Omit<Scores, "set" | "category">> {
  const candidates = promptCandidates(category);
  const prompts = candidates.slice(0, SHOTS);
  using fitted = await fitImages(detector, prompts);
  const scores = async (samples: readonly Sample[]) => {
    const all: number[] = [];
    for await (const result of scoreImages(fitted, samples)) if (!("error" in result)) all.push(result.score);
    return all;
  };
  const tested = thinned(category.test, TESTED);
  const of = (label: 0 | 1) => scores(tested.filter((sample) => sample.label === label));
  const known = new Set(prompts.map(({ id }) => id));
  const others = candidates.filter(({ id }) => !known.has(id));
  return { calibration: await scores(thinned(others, GOOD)), good: await of(0), bad: await of(1) };
}
