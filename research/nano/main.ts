// Measures nano beside its own patch residual, untrained networks of the same shape, and DeiT-Tiny, and puts the tables into its card.
//
//   node --conditions=@inctrl/source --import tsx bench/nano/main.ts --data DIR --deit FILE --work FOLDER
//
// Goes on where it was stopped. --only NAME,... measures some sets and leaves the card alone; so does --ways NAME,... for ways of scoring.
// --networks N: how many untrained ones.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Evaluation, evaluateWays, type Spread, summarize } from "@inctrl/inctrl";
import { type Device, openDevice } from "@inctrl/tensor";
import { fillCard } from "./card.js";
import { type MeasuredSet, openMeasured, SETS } from "./sets.js";
import { type Cell, meanOfNetworks, table } from "./table.js";
import { type Networks, nanoHeads, networksToMeasure, type WayToScore } from "./ways.js";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    deit: { type: "string" },
    work: { type: "string", default: "nano-work" },
    only: { type: "string" },
    ways: { type: "string" },
    networks: { type: "string", default: "3" },
  },
});

const SHOTS = [2, 4, 8];

/** A row a way and K, each the mean over the networks. */
async function measure(device: Device, set: MeasuredSet, networks: Networks): Promise<Cell[]> {
  const { ways, count } = networks;
  const dataSet = await openMeasured(set, values.data ?? "");
  const found: Cell[][] = [];
  for (let network = 0; network < count; network++) {
    using backbone = await networks.open(device, network);
    using heads = ways.some((way) => way.heads) ? await nanoHeads(device) : null;
    const storeOf = ({ name }: WayToScore) =>
      [set.name, name, ...(network > 0 ? [`network ${network + 1}`] : [])].join(", ").replaceAll(" ", "-");
    const evaluations = await evaluateWays(
      ways.map((way) => ({
        ...{ heads: way.heads && heads ? heads : undefined, components: way.components },
        store: join(values.work, `${storeOf(way)}.jsonl`),
        // The store knows data sets by name only.
        settings: { most: String(set.most ?? "all"), spec: set.spec.replace(/DIR.*?(\?|$)/, "$1") },
      })),
      {
        ...{ backbone, dataSet, shots: SHOTS, seeds: 3, batch: 32 },
        onProgress: (done, total) =>
          process.stderr.write(`\r${set.name}, ${backbone.name}: ${done} of ${total}   `),
      },
    );
    process.stderr.write("\n");
    found.push(evaluations.flatMap((evaluation, i) => cellsOf(set, ways[i]!, evaluation)));
  }
  return meanOfNetworks(found);
}

function cellsOf(set: MeasuredSet, { name, components }: WayToScore, evaluation: Evaluation): Cell[] {
  const rows = summarize(evaluation).filter(({ category }) => category === null);
  const cell = (shots: number, auroc: Spread | null, pixel: Spread | null): Cell => ({
    ...{ set: set.name, real: set.real, way: name, shots, auroc, pixel },
  });
  if (components.includes("P")) {
    return rows.map(({ shots, metrics }) => cell(shots, metrics.auroc, metrics.pixelAuroc));
  }
  // Text needs no prompts: every draw says the same, and there is no map.
  const [{ shots, metrics }] = rows as [(typeof rows)[0]];
  return [cell(shots, metrics.auroc && { ...metrics.auroc, deviation: null }, null)];
}

await mkdir(values.work, { recursive: true });
const device = await openDevice();
const isWanted = (list: string | undefined, name: string) => list?.split(",").includes(name) ?? true;
const sets = SETS.filter(
  ({ name, spec }) => isWanted(values.only, name) && (values.data || !spec.includes("DIR")),
);
const measured = networksToMeasure(values.deit, Number(values.networks))
  .map((each) => ({ ...each, ways: each.ways.filter(({ name }) => isWanted(values.ways, name)) }))
  .filter(({ ways }) => ways.length > 0);
const cells: Cell[] = [];
for (const set of sets)
  for (const networks of measured) cells.push(...(await measure(device, set, networks)));
device.close();
const found = table(
  cells,
  measured.flatMap(({ ways }) => ways.map(({ name }) => name)),
);
process.stdout.write(found);
if (values.only === undefined && values.ways === undefined) await fillCard(found);
