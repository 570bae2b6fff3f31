import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sample } from "@inctrl/datasets";
import type { Device } from "@inctrl/tensor";
import { category, dataSet, PATCH14, THREE_SHOT, throwsCode, timeless } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { Encoder, type EncoderOptions, type EvaluateOptions, evaluate } from "../../src/index.js";
import { type NearestOptions, nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("evaluate, stopped and continued");

/** Counts how often each sample is decoded. */
function counted() {
  const loads = new Map<string, number>();
  const change = (each: Sample): Sample => ({
    ...each,
    load() {
      loads.set(each.id, (loads.get(each.id) ?? 0) + 1);
      return each.load();
    },
  });
  return { loads, data: dataSet(category("one", { masked: true }, change), category("two", {}, change)) };
}

const OPTIONS = { shots: [1, 2], seeds: 2, dataSet: counted().data };

interface Run extends Partial<EvaluateOptions> {
  readonly fixture?: string;
  readonly encoder?: EncoderOptions;
  readonly method?: NearestOptions;
}

async function run(device: Device, { fixture = THREE_SHOT, encoder, method, ...options }: Run) {
  using backbone = await fixtureBackbone(device, fixture);
  const detector = nearestPatch(new Encoder(backbone, { batch: 4, ...encoder }), method);
  return await evaluate({ detector, ...OPTIONS, ...options });
}

/** Stops as soon as the store holds so many lines. */
async function stopped(device: Device, store: string, lines: number, options: Run = {}) {
  const controller = new AbortController();
  const { signal } = controller;
  const onProgress = () => {
    if (readFileSync(store, "utf8").split("\n").length > lines) controller.abort();
  };
  return run(device, { ...options, store, signal, onProgress });
}

test("stopped after one draw, then after a category, and continued: equal to a run in one go", async ({
  device,
  folder,
}) => {
  const whole = timeless(await run(device, {}));
  const store = join(folder, "draws.jsonl");
  const first = await stopped(device, store, 2);
  assert.is(first.complete, false);
  assert.equal(
    first.categories.map(({ draws }) => draws.length),
    [1],
  );
  assert.equal(timeless(first).categories[0].draws, whole.categories[0].draws.slice(0, 1));
  const lines = readFileSync(store, "utf8").trimEnd().split("\n");
  assert.is(lines.length, 2);

  const second = await stopped(device, store, 6);
  assert.equal(
    second.categories.map(({ draws }) => draws.length),
    [4, 1],
  );

  const { loads, data } = counted();
  const progress: number[] = [];
  const last = await run(device, {
    dataSet: data,
    store,
    onProgress: (done, total) => progress.push(done / total),
  });
  assert.equal(timeless(last), whole);
  assert.equal(
    data.categories[0].test.map(({ id }) => loads.get(id) ?? 0),
    [1, 0, 0, 0, 0, 0, 0, 0, 0],
    "the first sample is decoded for the fingerprint and no other",
  );
  assert.is(progress.at(-1), 1);
  assert.ok(progress[0] < 0.5);

  const again = await run(device, { store });
  assert.equal(again, last, "a finished run is read back, times and all");
});

test("more K and more seeds of the same run go into the same store", async ({ device, folder }) => {
  const store = join(folder, "more.jsonl");
  await run(device, { store, shots: [2], seeds: 1 });
  const more = await run(device, { store });
  assert.equal(timeless(more), timeless(await run(device, {})));
});

test("a category in parts goes on at the part where it stopped, pixel metrics and all", async ({
  device,
  folder,
}) => {
  const store = join(folder, "parts.jsonl");
  // An image's features are 4 x (11 + 9 patches x 2 blocks x width 10) = 764 bytes: parts of two.
  const parts = { featureBytes: 1600, shots: [1, 2], seeds: 1 };
  const whole = await run(device, parts);
  const first = await stopped(device, store, 5, parts);
  assert.equal(first.categories[0].draws, []);
  const stored = readFileSync(store, "utf8").trimEnd().split("\n").slice(1);
  const froms = stored.map((line) => JSON.parse(line).part.from);
  assert.ok(stored.length >= 4 && froms.includes(0) && froms.some((from) => from > 0), `${froms}`);
  const { loads, data } = counted();
  const last = await run(device, { ...parts, dataSet: data, store });
  assert.equal(timeless(last), timeless(whole));
  assert.equal(
    data.categories[0].test.slice(1, 2).map(({ id }) => loads.get(id) ?? 0),
    [0],
  );
  assert.ok((last.categories[0].draws[0].metrics.pixelAuroc ?? 0) > 0);
});

test("a line cut short by a crash is dropped; its draw is measured again", async ({ device, folder }) => {
  const store = join(folder, "cut.jsonl");
  const whole = await run(device, { store });
  const text = readFileSync(store, "utf8");
  writeFileSync(store, text.slice(0, -20));
  assert.equal(timeless(await run(device, { store })), timeless(whole));
  const lines = readFileSync(store, "utf8").trimEnd().split("\n");
  assert.is(lines.length, 9);
  for (const line of lines) JSON.parse(line);
  writeFileSync(store, text.slice(0, 15));
  assert.ok((await run(device, { store })).complete, "a first line cut short");
});

test("another backbone, other options and other images are refused, by name", async ({ device, folder }) => {
  const store = join(folder, "refused.jsonl");
  await run(device, { store, shots: [1], seeds: 1 });
  const before = readFileSync(store, "utf8");
  const refused = (text: RegExp, options: Run) =>
    throwsCode(() => run(device, { store, ...options }), "evaluation", text);
  await refused(/another run: backbone was "[0-9a-f]+" and now is "[0-9a-f]+"; choose another folder/, {
    fixture: PATCH14,
  });
  await refused(/fit was "crop" and now is "squash"/, { encoder: { fit: "squash" } });
  await refused(/largest was "1" and now is "2"/, { method: { largest: 2 } });
  await refused(/prompt turns was none and now is "8"/, { method: { symmetries: 8 } });
  await refused(/heads was none and now is "abc"/, { settings: { heads: "abc" } });
  const [one, two] = OPTIONS.dataSet.categories;
  const relabelled = {
    ...one,
    test: one.test.map((each, i) => (i === 0 ? { ...each, label: 1 as const } : each)),
  };
  await refused(/images of "one" are no longer those/, { dataSet: dataSet(relabelled, two) });
  const redrawn = { ...one, test: [{ ...one.test[0], load: one.test[1].load }, ...one.test.slice(1)] };
  await refused(/images of "one" are no longer those/, { dataSet: dataSet(redrawn, two) });
  assert.is(readFileSync(store, "utf8"), before);
});

test("files that are no store are refused and left alone", async ({ device, folder }) => {
  const store = join(folder, "other.jsonl");
  const first = '{"format":"inctrl-evaluation","version":1,"settings":{}}\n';
  for (const text of [
    "notes of mine",
    "notes of mine\n",
    '{"a":1}\n',
    "null\n",
    '{"format":"other"',
    "[]\n{",
    first,
  ]) {
    writeFileSync(store, text);
    await throwsCode(() => run(device, { store }), "evaluation", /no result of an evaluation|another run/);
    assert.is(readFileSync(store, "utf8"), text);
  }
  const good = join(folder, "good.jsonl");
  await run(device, { store: good, shots: [1], seeds: 1 });
  const lines = readFileSync(good, "utf8");
  for (const line of [
    "{}",
    "null",
    "3",
    '{"kind":"draw","draw":{"category":"one"}}',
    '{"kind":"part","part":null}',
  ]) {
    writeFileSync(good, lines);
    appendFileSync(good, `${line}\n`);
    await throwsCode(
      () => run(device, { store: good }),
      "evaluation",
      /line 4 is no result of an evaluation/,
    );
  }
});

test.run();
