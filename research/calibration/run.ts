// Holds the promise of calibrated lines against real sets: good images of the training side set the line, the test side tries it.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Category, type Sample, writeFileAtomic } from "@inctrl/datasets";
import { Encoder, evaluate, openBackbone } from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { provenance, thisMachine } from "../../bench/src/report/results.js";
import { openSet, REAL_SETS, thinned } from "../sets.js";
import { type Tried, tableOf } from "./table.js";

/** Good images that set a line at most. */
const GOOD = 199;
/** Test images of a category at most: good and bad ones. */
const TESTED = { good: 100, bad: 50 };

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    backbone: { type: "string", default: "nano" },
    sets: { type: "string", default: "" },
    classes: { type: "string", default: "4" },
    draws: { type: "string", default: "3" },
    /** Keeps the scores, so that a stopped study goes on. */
    work: { type: "string", default: "calibration-work" },
  },
});
const { data, backbone: network, sets, classes, draws: seeds, work } = values;
if (data === undefined)
  throw new Error(
    "usage: run.ts --data DIR [--backbone FILE] [--sets NAMES] [--classes N] [--draws N] [--work DIR]",
  );

/** Fewer test images, without masks: the image's score alone is asked for. */
function few({ test, ...category }: Category): Category {
  const of = (wanted: 0 | 1, most: number) =>
    thinned(
      test.filter(({ label }) => label === wanted),
      most,
    );
  const bare = ({ mask: _, ...sample }: Sample): Sample => sample;
  return { ...category, test: [...of(0, TESTED.good), ...of(1, TESTED.bad)].map(bare) };
}

await mkdir(work, { recursive: true });
using device = await openDevice();
using backbone = await openBackbone(device, network, {});
const detector = residual(new Encoder(backbone), { symmetries: 1 });
const tried: Tried[] = [];
for (const spec of REAL_SETS) {
  const [format] = spec.split(":");
  if (sets !== "" && !sets.split(",").includes(format)) continue;
  const { name, categories, ...rest } = await openSet(spec, data);
  const begun = performance.now();
  const { categories: found } = await evaluate({
    ...{ detector, shots: [4], seeds: Number(seeds), store: join(work, `${format}.jsonl`) },
    dataSet: { ...rest, name, categories: categories.slice(0, Number(classes)).map(few) },
    line: { images: GOOD, alpha: 0.1 },
  });
  for (const { labels, draws, name: category } of found)
    for (const draw of draws) tried.push({ set: name, category, labels, draw });
  console.error(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
const { machine } = await thisMachine();
const { date, commit } = await provenance(machine);
const facts = { network: backbone.name, seeds, made: `Commit ${commit}, ${date}; ${machine.adapter}.` };
await writeFileAtomic(join(import.meta.dirname, "results.md"), tableOf(tried, facts));
