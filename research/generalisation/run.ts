// Measures how well heads trained on some products do on others: see README.md in this folder.
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { FeatureStore, openBackbone, TensorCache } from "@inctrl/detect";
import { PairResiduals } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { jsonLine, readLines } from "../report.js";
import { DRAWN, REAL, storeSets, TESTS } from "./data.js";
import { criterion, measure, type Row } from "./measure.js";
import { SETTINGS, type Setting } from "./settings.js";
import { factsOf, fillPage, tableOf } from "./table.js";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    backbone: { type: "string" },
    work: { type: "string", default: "generalisation-work" },
    docs: { type: "boolean", default: false },
  },
});
const RESULTS = join(import.meta.dirname, "results");

/** Measures the settings that the work folder lacks, and writes all results after each. */
async function run(data: string, weights: string, work: string): Promise<void> {
  using device = await openDevice();
  const backbone = await openBackbone(device, weights, {});
  await mkdir(work, { recursive: true });
  const store = new FeatureStore(backbone, await TensorCache.open(join(work, "features")));
  const add = {
    onProgress: (done: number, total: number, encoded: number) => {
      if (encoded > 0 && done === total) console.error(`encoded ${done} of ${total}`);
    },
    onSkipped: ({ id }: { id: string }, { message }: Error) => console.error(`skipped ${id}: ${message}`),
  };
  const auxiliary = await storeSets(store, data, [...REAL, ...DRAWN], "auxiliary", add);
  const tests = await storeSets(store, data, TESTS, "test", add);
  console.error(`${store.size} images; ${auxiliary.length} auxiliary categories, ${tests.length} to test on`);

  // One line for each finished setting, so that a stopped run resumes with the next one.
  const log = join(work, "rows.jsonl");
  const saved = await readLines(log).catch(() => []);
  const rows = new Map<string, Row>(saved.map(({ key, ...row }) => [key, row]));
  using pairs = new PairResiduals(store, { memory: 4e9, deviceMemory: 2e9 });
  const facts = factsOf(device, backbone, auxiliary, tests);
  const { backbone: of, auxiliary: learnt, drawn, tests: tested } = facts;
  // A row depends on these besides the code: a changed setting gets another key and is measured again.
  const keyOf = (setting: Setting) => JSON.stringify({ setting, of, learnt, drawn, tested });
  for (const setting of SETTINGS) {
    const key = keyOf(setting);
    if (!rows.has(key)) {
      const started = performance.now();
      const row = await measure(setting, pairs, auxiliary, tests);
      rows.set(key, row);
      await appendFile(log, jsonLine({ key, ...row }));
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      console.error(`${setting.name}: held out ${criterion(row.heldOut).toFixed(4)}, ${seconds} s`);
    }
    const known = SETTINGS.flatMap((each) => rows.get(keyOf(each)) ?? []);
    await writeFileAtomic(`${RESULTS}.md`, tableOf(known, facts));
    await writeFileAtomic(`${RESULTS}.jsonl`, [facts, ...known].map(jsonLine).join(""));
  }
}

const { data, backbone, work, docs } = values;
if (docs) {
  const [facts, ...rows] = await readLines(`${RESULTS}.jsonl`);
  await fillPage(rows, facts);
} else if (data && backbone) await run(data, backbone, work);
else {
  console.error("usage: run.ts --data DIR --backbone FILE [--work DIR], or run.ts --docs");
  process.exitCode = 1;
}
