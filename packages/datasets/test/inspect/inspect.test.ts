import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { inspectDataSet, openDataSet } from "../../src/index.js";
import { gray, setOf, write } from "../support/tree.js";

const test = folderTests("inspect");

test("BrainMRI has its 25 duplicates, five of them in both train and test", async () => {
  const dir = shared("data/brainmri");
  if (!dir) return;
  const told: [number, number][] = [];
  const report = await inspectDataSet(await openDataSet(`brainmri:${dir}`), {
    onProgress: (done, total) => told.push([done, total]),
  });
  const { train, test: tests, anomalies, sizes, duplicates, unreadable, masks } = report.categories[0];
  assert.equal(
    [train, tests],
    [
      { normal: 73, anomalous: 0 },
      { normal: 25, anomalous: 155 },
    ],
  );
  assert.equal(anomalies, { tumour: 155 });
  assert.is(
    sizes.reduce((sum, { count }) => sum + count, 0),
    253,
  );
  assert.ok(sizes.every(({ count }, i) => i === 0 || count <= sizes[i - 1].count));
  assert.equal([duplicates.train, duplicates.test, duplicates.between], [5, 15, 5]);
  assert.is(duplicates.groups.length, 22);
  assert.equal([unreadable, masks.present, masks.missing], [[], 0, []]);
  assert.equal(told.at(-1), [253, 253]);
});

test("duplicates, sizes, kinds, masks and damage are counted and named", async ({ dir }) => {
  await write(join(dir, "nut"), {
    "train/good/0.png": gray(2, 2, 1),
    "train/good/1.png": gray(2, 2, 1),
    "train/good/2.png": gray(2, 2, 2),
    "train/good/3.png": "damaged",
    "test/good/0.png": gray(2, 2, 2),
    "test/good/1.png": gray(3, 2, 2),
    "test/crack/0.png": gray(2, 2, 3),
    "test/crack/1.png": gray(2, 2, 1),
    "test/crack/2.png": gray(2, 2, 5),
    "test/dent/0.png": gray(2, 2, 3),
    "test/dent/1.png": gray(2, 2, 7),
    "ground_truth/crack/0_mask.png": gray(2, 2, (x) => x),
    "ground_truth/crack/1_mask.png": gray(2, 2),
    "ground_truth/crack/2_mask.png": gray(3, 2, 9),
    "ground_truth/dent/0_mask.png": gray(200, 200, 9),
  });
  await truncate(join(dir, "nut/ground_truth/dent/0_mask.png"), 60);
  const { name, categories, skipped } = await inspectDataSet(await openDataSet(`folder:${dir}`));
  const { duplicates, unreadable, masks, ...rest } = categories[0];
  assert.equal([name, skipped], ["folder", []]);
  assert.equal(rest, {
    name: "nut",
    className: "nut",
    train: { normal: 4, anomalous: 0 },
    test: { normal: 2, anomalous: 5 },
    anomalies: { crack: 3, dent: 2 },
    sizes: [
      { width: 2, height: 2, mode: "L", count: 9 },
      { width: 3, height: 2, mode: "L", count: 1 },
    ],
  });
  assert.equal(duplicates, {
    train: 1,
    test: 1,
    between: 2,
    contradictory: 3,
    groups: [
      ["nut/train/good/0.png", "nut/train/good/1.png", "nut/test/crack/1.png"],
      ["nut/train/good/2.png", "nut/test/good/0.png"],
      ["nut/test/crack/0.png", "nut/test/dent/0.png"],
    ],
  });
  assert.equal(
    unreadable.map(({ id }) => id),
    ["nut/train/good/3.png"],
  );
  assert.match(unreadable[0].reason, /text file/);
  assert.equal(
    [masks.present, masks.missing, masks.empty],
    [4, ["nut/test/dent/1.png"], ["nut/test/crack/1.png"]],
  );
  assert.equal(
    masks.unreadable.map(({ id }) => id),
    ["nut/test/crack/2.png", "nut/test/dent/0.png"],
  );
  assert.match(masks.unreadable[0].reason, /3 x 2 pixels for an image of 2 x 2/);
});

test("masks that mark most of their images are said to be inverted", async ({ dir }) => {
  const dot = (from: number, to: number) => gray(4, 4, (x, y) => (x + y === 0 ? to : from));
  const inverted = async (masks: readonly Uint8Array[]) => {
    for (const [i, mask] of masks.entries())
      await write(join(dir, "nut"), {
        "train/good/0.png": gray(4, 4),
        [`test/dent/${i}.png`]: gray(4, 4, i + 1),
        [`ground_truth/dent/${i}_mask.png`]: mask,
      });
    const { categories } = await inspectDataSet(await openDataSet(`mvtec:${dir}`));
    return categories[0].masks.inverted;
  };
  assert.is(await inverted([dot(0, 255), dot(255, 0)]), undefined);
  assert.match(
    (await inverted([dot(255, 0), dot(255, 0), dot(0, 255)]))!,
    /^2 of 3 masks mark more than half/,
  );
});

test("an image that categories share is read once", async () => {
  let loads = 0;
  const sample = (id: string, label: 0 | 1) => ({
    id,
    label,
    kind: label ? "x" : "good",
    load: async () => {
      loads++;
      return { width: 1, height: 1, mode: "L" as const, data: new Uint8Array([Number(id)]) };
    },
  });
  const categories = ["a", "b"].map((name, i) => ({
    name,
    className: name,
    train: [sample(String(i), 0)],
    test: [sample("5", i === 0 ? 0 : 1), sample("6", i === 0 ? 1 : 0)],
  }));
  const report = await inspectDataSet({ name: "shared", categories, skipped: [] });
  assert.is(loads, 4);
  assert.equal(
    report.categories.map((category) => category.test),
    [
      { normal: 1, anomalous: 1 },
      { normal: 1, anomalous: 1 },
    ],
  );
});

test("inspection stops at the signal", async () => {
  const controller = new AbortController();
  const set = setOf(["nut", "bolt"], { train: 8, good: 10, bad: 10 });
  const reading = inspectDataSet(set, {
    signal: controller.signal,
    onProgress: (done, total) => done < total && controller.abort(new Error("enough")),
  });
  const error = await reading.then(
    () => null,
    (thrown) => thrown,
  );
  assert.is(error?.message, "enough");
});

test.run();
