// Holds the promise of calibrated lines against real sets: good images of the training side set the line, the test side tries it.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Category, type Sample, writeFileAtomic } from "@inctrl/datasets";
import { Encoder, evaluate, openBackbone } from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { studyArguments } from "../arguments.js";
import { madeHere } from "../made.js";
import { realSets, thinnedOf } from "../sets.js";
import { type Tried, tableOf } from "./table.js";

/** Good images that set a line at most. */
const GOOD = 199;
/** Test images of a category at most: good and bad ones. */
const TESTED = { good: 100, bad: 50 };

const study = studyArguments(["data"], {
  backbone: "nano",
  sets: "",
  classes: 4,
  draws: 3,
  /** Keeps the scores, so that a stopped study goes on. */
  work: "calibration-work",
});
const { data, backbone: network, sets, classes, draws: seeds, work } = study;

/** Fewer test images, without masks: the image's score alone is asked for. */
function few({ test, ...category }: Category): Category {
  const bare = ({ mask: _, ...sample }: Sample): Sample => sample;
  return {
    ...category,
    test: [...thinnedOf(test, 0, TESTED.good), ...thinnedOf(test, 1, TESTED.bad)].map(bare),
  };
}

await mkdir(work, { recursive: true });
using device = await openDevice();
using backbone = await openBackbone(device, network, {});
const detector = residual(new Encoder(backbone), { symmetries: 1 });
const tried: Tried[] = [];
for await (const { format, dataSet } of realSets(data, sets)) {
  const { name, categories, ...rest } = dataSet;
  const { categories: found } = await evaluate({
    ...{ detector, shots: [4], seeds, store: join(work, `${format}.jsonl`) },
    dataSet: { ...rest, name, categories: categories.slice(0, classes).map(few) },
    line: { images: GOOD, alpha: 0.1 },
  });
  for (const { labels, draws, name: category } of found)
    for (const draw of draws) tried.push({ set: name, category, labels, draw });
}
const facts = { network: backbone.name, seeds, made: await madeHere() };
await writeFileAtomic(join(import.meta.dirname, "results.md"), tableOf(tried, facts));
