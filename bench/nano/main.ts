// Measures nano beside its own patch residual, an untrained backbone of the same shape, and DeiT-Tiny; writes a Markdown table.
//
//   node --conditions=@inctrl/source --import tsx bench/nano/main.ts --data DIR --deit FILE --out FOLDER
//
// Goes on where it was stopped. --only NAME,... measures some sets.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseConfig, SHIPPED_MODEL, shippedModel } from "@inctrl/clip";
import {
  type Backbone,
  type Component,
  evaluate,
  Heads,
  openBackbone,
  randomBackbone,
  shippedHeads,
  summarize,
} from "@inctrl/inctrl";
import { type Device, openDevice } from "@inctrl/tensor";
import { type MeasuredSet, openMeasured, SETS } from "./sets.js";
import { type Cell, table } from "./table.js";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    deit: { type: "string" },
    out: { type: "string", default: "nano-results" },
    only: { type: "string" },
  },
});

/** A way to score, a column of the table. */
interface Way {
  readonly name: string;
  readonly components: readonly Component[];
  readonly shots: readonly number[];
  readonly seeds: number;
  open(device: Device): Promise<{ backbone: Backbone; heads?: Heads }>;
}

const SHOTS = [2, 4, 8];
const nano = async (device: Device) => ({ backbone: await openBackbone(device, SHIPPED_MODEL) });

const WAYS: readonly Way[] = [
  {
    name: "nano, full model",
    components: ["P", "I", "T"],
    shots: SHOTS,
    seeds: 3,
    open: async (device) => ({
      ...(await nano(device)),
      heads: await Heads.load((await shippedHeads(SHIPPED_MODEL))!, device),
    }),
  },
  { name: "nano, residual alone", components: ["P"], shots: SHOTS, seeds: 3, open: nano },
  // Without prompts there is nothing to draw.
  { name: "nano, text alone", components: ["T"], shots: [SHOTS[0]!], seeds: 1, open: nano },
  { name: "untrained, residual", components: ["P"], shots: SHOTS, seeds: 3, open: untrained },
  ...(values.deit
    ? [{ name: "DeiT-Tiny, residual", components: ["P" as const], shots: SHOTS, seeds: 3, open: deit }]
    : []),
];

async function untrained(device: Device) {
  const { config } = (await shippedModel(SHIPPED_MODEL))!;
  return { backbone: await randomBackbone(device, parseConfig(await readFile(config!, "utf8")), 0) };
}

async function deit(device: Device) {
  return { backbone: await openBackbone(device, values.deit!) };
}

async function measure(device: Device, set: MeasuredSet, way: Way): Promise<Cell[]> {
  const dataSet = await openMeasured(set, values.data ?? "");
  const { backbone, heads } = await way.open(device);
  try {
    const evaluation = await evaluate({
      ...{ backbone, dataSet, heads, components: way.components, shots: way.shots, seeds: way.seeds },
      batch: 32,
      store: join(values.out, `${set.name}, ${way.name}.jsonl`.replaceAll(" ", "-")),
      // The store knows data sets by name only.
      settings: { most: String(set.most ?? "all"), spec: set.spec.replace(/DIR.*?(\?|$)/, "$1") },
      onProgress: (done, total) => process.stderr.write(`\r${set.name}, ${way.name}: ${done} of ${total}   `),
    });
    process.stderr.write("\n");
    const rows = summarize(evaluation).filter(({ category }) => category === null);
    return rows.map(({ shots, metrics }) => ({
      ...{ set: set.name, real: set.real, way: way.name, shots },
      auroc: metrics.auroc,
      pixel: metrics.pixelAuroc,
    }));
  } finally {
    heads?.dispose();
    backbone.dispose();
  }
}

await mkdir(values.out, { recursive: true });
const device = await openDevice();
const wanted = values.only?.split(",");
const sets = SETS.filter(
  ({ name, spec }) => (wanted?.includes(name) ?? true) && (values.data || !spec.includes("DIR")),
);
const cells: Cell[] = [];
for (const set of sets) {
  for (const way of WAYS) cells.push(...(await measure(device, set, way)));
  await writeFile(join(values.out, "nano.json"), `${JSON.stringify(cells, null, 2)}\n`);
  await writeFile(
    join(values.out, "nano.md"),
    table(
      cells,
      WAYS.map(({ name }) => name),
    ),
  );
}
process.stdout.write(
  table(
    cells,
    WAYS.map(({ name }) => name),
  ),
);
device.close();
