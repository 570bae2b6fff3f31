// Chooses the settings of the residual on auxiliary categories, and measures them on sets that have no part in the choice.
import { appendFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeFileAtomic } from "@inctrl/datasets";
import { Encoder, openBackbone, type Tap } from "@inctrl/detect";
import { openDevice } from "@inctrl/tensor";
import { studyArguments } from "../arguments.js";
import { jsonLine, readLines } from "../report.js";
import { openSet } from "../sets.js";
import { measure, tapsOf } from "./measure.js";
import { isOf, MAPS } from "./settings.js";
import { chosenOf, type Row, tableOf } from "./table.js";

/** Drawn by a seed that nothing was trained with, and one real texture. They alone decide. */
const AUXILIARY = [
  "procedural:77?split=held-out&train=8&good=10&bad=12&size=224",
  "procedural:77?split=classic&train=8&good=10&bad=12&size=224",
  "mvtec:DIR/mvtec",
];
/** Classes of the demo, which reports what was chosen, and a screw, of which there are few images. */
const NOT_AUXILIARY = ["fabric", "mesh", "metal", "screw"];
/** Sets that have no part in the choice. */
const REPORTED = [
  ...["brainmri:DIR/brainmri", "headct:DIR/headct", "elpv:DIR/elpv", "sdd:DIR/kolektorsdd"],
  ...["aitex:DIR/aitex", "mnist:DIR/mnist", "cifar10:DIR/cifar10"],
];

/** Categories of a set of several, the first ones, and draws of the prompts. */
const CATEGORIES = { auxiliary: 6, reported: 2 };
const SEEDS = { auxiliary: [0], reported: [0, 1, 2] };

const values = studyArguments(["data"], { backbone: ["nano"], most: 40, work: "residual-work" });
await mkdir(values.work, { recursive: true });
const log = join(values.work, "rows.jsonl");
const rows: Row[] = await readLines(log).catch(() => []);

using device = await openDevice();
// All backbones are measured on the auxiliary categories before any other set is opened: the choice is made by then.
for (const role of ["auxiliary", "reported"] as const)
  for (const path of values.backbone) {
    using backbone = await openBackbone(device, path, {});
    const taps = [...new Set(MAPS.flatMap((setting) => tapsOf({ backbone }, setting)))];
    const root = new Encoder(backbone, { taps: taps.sort((a: Tap, b: Tap) => Number(a) - Number(b)) });
    const most = role === "auxiliary" ? Number.POSITIVE_INFINITY : values.most;
    const maps =
      role === "auxiliary" ? MAPS : MAPS.filter((map) => map === MAPS[0] || isOf(map, chosenOf(rows)));
    for (const spec of role === "auxiliary" ? AUXILIARY : REPORTED) {
      const set = await openSet(spec, values.data);
      const own = set.categories.filter(({ name }) => role === "reported" || !NOT_AUXILIARY.includes(name));
      for (const category of own.slice(0, CATEGORIES[role])) {
        const place = { backbone: basename(path), role, set: set.name, spec, category: category.name };
        const isKnown = (row: Row) =>
          JSON.stringify({ ...row, areas: 0 }) === JSON.stringify({ ...place, areas: 0 });
        if (rows.some(isKnown)) continue;
        const begun = performance.now();
        const row: Row = {
          ...place,
          areas: await measure(root, category, { maps, seeds: SEEDS[role], most }),
        };
        rows.push(row);
        await appendFile(log, jsonLine(row));
        const seconds = ((performance.now() - begun) / 1000).toFixed(0);
        console.error(`${place.backbone} ${set.name} ${category.name}: ${seconds} s`);
      }
    }
    await writeFileAtomic(join(import.meta.dirname, "results.md"), tableOf(rows, values.most));
  }
