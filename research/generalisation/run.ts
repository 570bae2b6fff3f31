// Measures how well heads trained on some products do on others: see README.md in this folder.
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { FeatureCache, FeatureStore, openBackbone } from "@inctrl/detect";
import { PairResiduals } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import { DRAWN, REAL, storeSets, TESTS } from "./data.js";
import { criterion, type Row, Study } from "./measure.js";
import { SETTINGS, type Setting } from "./settings.js";
import { fillPage } from "./summary.js";
import { factsOf, tableOf } from "./table.js";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    backbone: { type: "string" },
    work: { type: "string", default: "generalisation-work" },
    results: { type: "string", default: import.meta.dirname },
    docs: { type: "boolean", default: false },
    "features-only": { type: "boolean", default: false },
  },
});
const { data, backbone: weights, work, results } = values;
if (values.docs) {
  const [facts, ...rows] = (await readFile(join(results, "results.jsonl"), "utf8"))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  await fillPage(rows, facts);
  process.exit();
}
if (!data || !weights) {
  console.error(
    "usage: run.ts --data DIR --backbone FILE [--work DIR] [--results DIR] [--features-only]\n       run.ts --docs",
  );
  process.exit(1);
}

const device = await openDevice();
const backbone = await openBackbone(device, weights, {});
await mkdir(work, { recursive: true });
const store = new FeatureStore(backbone, await FeatureCache.open(join(work, "features")));
const add = {
  onProgress: (done: number, total: number, encoded: number) => {
    if (encoded > 0 && done === total) console.error(`encoded ${done} of ${total}`);
  },
  onSkipped: ({ id }: { id: string }, { message }: Error) => console.error(`skipped ${id}: ${message}`),
};
const auxiliary = await storeSets(store, data, [...REAL, ...DRAWN], "auxiliary", add);
const tests = await storeSets(store, data, TESTS, "test", add);
console.error(`${store.size} images; ${auxiliary.length} auxiliary categories, ${tests.length} to test on`);

if (!values["features-only"]) {
  // One line for each finished setting, so that a stopped run resumes with the next one.
  const log = join(work, "rows.jsonl");
  const text = await readFile(log, "utf8").catch(() => "");
  const rows = new Map<string, Row>(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .map(({ key, ...row }) => [key, row]),
  );
  using pairs = new PairResiduals(store, { memory: 4e9, deviceMemory: 2e9 });
  const study = new Study(pairs, auxiliary, tests);
  const facts = await factsOf(device, backbone, auxiliary, tests);
  const { backbone: of, auxiliary: learnt, drawn, tests: tested } = facts;
  // A row depends on these besides the code: a changed setting gets another key and is measured again.
  const keyOf = (setting: Setting) => JSON.stringify({ setting, of, learnt, drawn, tested });
  for (const setting of SETTINGS) {
    if (!rows.has(keyOf(setting))) {
      const started = performance.now();
      const row = await study.measure(setting);
      rows.set(keyOf(setting), row);
      await appendFile(log, `${JSON.stringify({ key: keyOf(setting), ...row })}\n`);
      console.error(
        `${setting.name}: held out ${criterion(row.heldOut).toFixed(4)}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
      );
    }
    const known = SETTINGS.flatMap((setting) => rows.get(keyOf(setting)) ?? []);
    const save = (name: string, content: string) => writeFileAtomic(join(results, name), content);
    await mkdir(results, { recursive: true });
    await save("results.md", tableOf(known, facts));
    await save("results.jsonl", [facts, ...known].map((each) => `${JSON.stringify(each)}\n`).join(""));
  }
}
device.close();
