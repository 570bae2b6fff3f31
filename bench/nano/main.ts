// Measures nano beside its own patch residual, untrained networks of the same shape, and DeiT-Tiny, and puts the tables into its card.
//
//   node --conditions=@inctrl/source --import tsx bench/nano/main.ts --data DIR --deit FILE --work FOLDER
//
// Goes on where it was stopped. --only NAME,... measures some sets and leaves the card alone; so does --ways NAME,... for ways of scoring.
// --networks N: how many untrained ones.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { evaluate, summarize } from "@inctrl/inctrl";
import { type Device, openDevice } from "@inctrl/tensor";
import { fillCard } from "./card.js";
import { type MeasuredSet, openMeasured, SETS } from "./sets.js";
import { type Cell, meanOfNetworks, table } from "./table.js";
import { type Way, waysToScore } from "./ways.js";

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

async function measure(device: Device, set: MeasuredSet, way: Way): Promise<Cell[]> {
  const dataSet = await openMeasured(set, values.data ?? "");
  const networks: Cell[][] = [];
  for (let network = 0; network < way.networks; network++) {
    const { backbone, heads } = await way.open(device, network);
    try {
      const store = [set.name, way.name, ...(network > 0 ? [`network ${network + 1}`] : [])].join(", ");
      const evaluation = await evaluate({
        ...{ backbone, dataSet, heads, components: way.components, shots: way.shots, seeds: way.seeds },
        batch: 32,
        store: join(values.work, `${store}.jsonl`.replaceAll(" ", "-")),
        // The store knows data sets by name only.
        settings: { most: String(set.most ?? "all"), spec: set.spec.replace(/DIR.*?(\?|$)/, "$1") },
        onProgress: (done, total) => process.stderr.write(`\r${store}: ${done} of ${total}   `),
      });
      process.stderr.write("\n");
      const rows = summarize(evaluation).filter(({ category }) => category === null);
      networks.push(
        rows.map(({ shots, metrics }) => ({
          ...{ set: set.name, real: set.real, way: way.name, shots },
          auroc: metrics.auroc,
          // Without the patch residual there is no map.
          pixel: way.components.includes("P") ? metrics.pixelAuroc : null,
        })),
      );
    } finally {
      heads?.dispose();
      backbone.dispose();
    }
  }
  return meanOfNetworks(networks);
}

await mkdir(values.work, { recursive: true });
const device = await openDevice();
const isWanted = (list: string | undefined, name: string) => list?.split(",").includes(name) ?? true;
const sets = SETS.filter(
  ({ name, spec }) => isWanted(values.only, name) && (values.data || !spec.includes("DIR")),
);
const ways = waysToScore(values.deit, Number(values.networks)).filter(({ name }) =>
  isWanted(values.ways, name),
);
const cells: Cell[] = [];
for (const set of sets) for (const way of ways) cells.push(...(await measure(device, set, way)));
device.close();
const found = table(
  cells,
  ways.map(({ name }) => name),
);
process.stdout.write(found);
if (values.only === undefined && values.ways === undefined) await fillCard(found);
