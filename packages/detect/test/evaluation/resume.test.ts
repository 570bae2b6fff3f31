import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage, type Raster, type Sample } from "@inctrl/datasets";
import type { Device } from "@inctrl/tensor";
import { category, dataSet, PATCH14, THREE_SHOT, throwsCode, timeless } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { DrawStore } from "../../src/evaluation/draw-store.js";
import {
  Encoder,
  type EncoderOptions,
  type EvaluateOptions,
  evaluate,
  readSealed,
  sealLine,
} from "../../src/index.js";
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

/** RGB pixels as a file of a picture. */
const ppm = ({ width, height, data }: Raster): Buffer =>
  Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), data]);

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
    "without files the first sample is decoded for the fingerprint and no other",
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

test("a picture changed at equal size and time is refused; a store that knew images by size is measured again, and said", async ({
  device,
  folder,
}) => {
  const [{ train, test: tested, ...rest }] = OPTIONS.dataSet.categories;
  const onDisk = (samples: readonly Sample[]) =>
    Promise.all(
      samples.map(async ({ id, label, kind, load }): Promise<Sample> => {
        const path = join(folder, `${id.replaceAll("/", "-")}.ppm`);
        writeFileSync(path, ppm(await load()));
        return { id, label, kind, source: { path }, load: (reading) => decodeImage(path, reading) };
      }),
    );
  const data = dataSet({ ...rest, train: await onDisk(train), test: await onDisk(tested) });
  const store = join(folder, "content.jsonl");
  const options = { store, dataSet: data, shots: [1], seeds: 1 };
  const whole = await run(device, options);
  const { path } = data.categories[0].test[2].source!;
  const [bytes, { atime, mtime }] = [readFileSync(path), statSync(path)];
  writeFileSync(
    path,
    bytes.map((value, i) => (i === bytes.length - 1 ? value ^ 1 : value)),
  );
  utimesSync(path, atime, mtime);
  await throwsCode(() => run(device, options), "evaluation", /images of "one" are no longer those/);
  writeFileSync(path, bytes);

  let state = "";
  const old = [...readSealed(readFileSync(store, "utf8"))].map(({ entry }) => {
    const text = JSON.stringify(entry).replace(/"data":"[0-9a-f]{64}"/, `"data":"${"0".repeat(32)}"`);
    const sealed = sealLine(JSON.parse(text), state);
    state = sealed.state;
    return sealed.line;
  });
  writeFileSync(store, old.join(""));
  const said: string[] = [];
  const onNote = (text: string) => said.push(text);
  assert.equal(timeless(await run(device, { ...options, onNote })), timeless(whole));
  assert.is(readFileSync(store, "utf8").trimEnd().split("\n").length, 3);
  await run(device, { ...options, onNote });
  assert.is(said.length, 1, "said until they are measured again");
  assert.match(said[0], /knew images by their size, not their content; they are measured again/);
});

test("an image that changes after it was hashed is left out of the draw, by name", async ({
  device,
  folder,
}) => {
  const path = join(folder, "late.ppm");
  const [one] = OPTIONS.dataSet.categories;
  const [first, second] = await Promise.all(one.test.map(({ load }) => load()));
  writeFileSync(path, ppm(first));
  const late: Sample = {
    ...one.test[0],
    source: { path },
    load(reading) {
      writeFileSync(path, ppm(second));
      return decodeImage(path, reading);
    },
  };
  const data = dataSet({ ...one, test: [late, ...one.test.slice(1)] });
  const { categories } = await run(device, { dataSet: data, shots: [1], seeds: 1 });
  assert.is(categories[0].draws[0].scores[0], null);
  assert.match(categories[0].skipped[0].reason, /late\.ppm: its bytes changed/);
});

test("a pipe, or a link to a device, in place of the store is refused at once", async ({ folder }) => {
  if (process.platform === "win32") return;
  const [pipe, link] = [join(folder, "pipe.jsonl"), join(folder, "zero.jsonl")];
  execFileSync("mkfifo", [pipe]);
  symlinkSync("/dev/zero", link);
  for (const path of [pipe, link])
    await throwsCode(() => DrawStore.open(path, {}), "not-a-file", /this is no file but/);
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
