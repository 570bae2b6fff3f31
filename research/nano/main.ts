// Measures nano, untrained networks of the same shape and DeiT-Tiny, and writes the tables into nano's model card.
//
//   npm run research -- research/nano/main.ts --data DIR --deit FILE --work FOLDER
//
// A stopped run resumes from the work folder.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DataSet } from "@inctrl/datasets";
import { Encoder, type Evaluation, evaluateAll, summarize } from "@inctrl/detect";
import { inctrl } from "@inctrl/inctrl";
import { type Device, openDevice } from "@inctrl/tensor";
import { studyArguments } from "../arguments.js";
import { fillCard, fillReadme } from "./card.js";
import { type Networks, nanoHeads, networksToMeasure, type Scoring } from "./networks.js";
import { type MeasuredSet, openMeasured, SETS } from "./sets.js";
import { type Cell, meanOfNetworks, table } from "./table.js";

const SHOTS = [2, 4, 8];

/** One cell for each scoring and K: the mean over the networks. */
async function measure(
  device: Device,
  set: MeasuredSet,
  dataSet: DataSet,
  networks: Networks,
): Promise<Cell[]> {
  const { scorings, count, symmetries } = networks;
  const found: Cell[][] = [];
  for (let network = 0; network < count; network++) {
    using backbone = await networks.open(device, network);
    using heads = scorings.some((scoring) => scoring.heads) ? await nanoHeads(device) : null;
    const storeOf = ({ name }: Scoring) =>
      [set.name, name, ...(network > 0 ? [`network ${network + 1}`] : [])].join(", ").replaceAll(" ", "-");
    const encoder = new Encoder(backbone, { batch: 32 });
    const evaluations = await evaluateAll(
      scorings.map((scoring) => ({
        detector: inctrl(encoder, {
          heads: scoring.heads && heads ? heads : undefined,
          components: scoring.components,
          symmetries,
        }),
        store: join(work, `${storeOf(scoring)}.jsonl`),
        // A stored run knows its data set by name only, so the thinning and the spec are stored beside it.
        settings: { most: String(set.most ?? "all"), spec: set.spec.replace(/DIR.*?(\?|$)/, "$1") },
      })),
      {
        ...{ dataSet, shots: SHOTS, seeds: 3 },
        onProgress: (done, total) =>
          process.stderr.write(`\r${set.name}, ${backbone.name}: ${done} of ${total}   `),
      },
    );
    process.stderr.write("\n");
    found.push(evaluations.flatMap((evaluation, i) => cellsOf(set, scorings[i], evaluation)));
  }
  return meanOfNetworks(found);
}

function cellsOf(set: MeasuredSet, { name, components }: Scoring, evaluation: Evaluation): Cell[] {
  const rows = summarize(evaluation).filter(({ category }) => category === null);
  // A text score needs no prompts, so all draws agree, and it has no map.
  const isText = !components.includes("P");
  return rows.slice(0, isText ? 1 : undefined).map(({ shots, metrics: { auroc, pixelAuroc } }) => ({
    ...{ set: set.name, real: set.real, scoring: name, shots },
    auroc: isText && auroc ? { ...auroc, deviation: null } : auroc,
    pixel: isText ? null : pixelAuroc,
  }));
}

const { data, deit, work } = studyArguments(["data", "deit"], { work: "nano-work" });
await mkdir(work, { recursive: true });
const device = await openDevice();
const networks = networksToMeasure(deit);
const cells: Cell[] = [];
for (const set of SETS) {
  const dataSet = await openMeasured(set, data);
  for (const each of networks) cells.push(...(await measure(device, set, dataSet, each)));
}
device.close();
const scorings = networks.flatMap((each) => each.scorings.map(({ name }) => name));
const found = table(cells, scorings);
process.stdout.write(found);
await fillCard(found);
await fillReadme();
