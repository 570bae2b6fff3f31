// Holds the promise of calibrated lines against real sets: good images of the training side set the line, the test side tries it.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Category, writeFileAtomic } from "@inctrl/datasets";
import { Encoder, evaluate, openBackbone } from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { openSet, thinned } from "../sets.js";
import { GOOD, type Tried, tableOf } from "./table.js";

const SETS = [
  ...["brainmri:DIR/brainmri", "headct:DIR/headct", "elpv:DIR/elpv", "aitex:DIR/aitex"],
  ...["sdd:DIR/kolektorsdd", "mvtec:DIR/mvtec", "mnist:DIR/mnist", "cifar10:DIR/cifar10"],
];

/** Test images of a category at most. */
const TESTED = 100;

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
const few = (category: Category) => ({ ...category, test: thinned(category.test, TESTED) });
const tried: Tried[] = [];
for (const spec of SETS) {
  const { name, categories, ...rest } = await openSet(spec, values.data);
  const dataSet = { ...rest, name, categories: categories.slice(0, Number(values.classes)).map(few) };
  const begun = performance.now();
  const { categories: found } = await evaluate({
    ...{ detector, dataSet, shots: [4], seeds: 3 },
    line: { images: GOOD, alpha: 0.1 },
  });
  for (const { labels, draws, name: category } of found)
    for (const draw of draws) tried.push({ set: name, category, labels, draw });
  console.error(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
await writeFileAtomic(join(import.meta.dirname, "results.md"), tableOf(tried, backbone.name));
