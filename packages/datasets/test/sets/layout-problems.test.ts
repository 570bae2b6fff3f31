import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { gray, write } from "../support/tree.js";

const test = folderTests("layout-problems");

const IMAGE = gray(4, 4, 99);
const MASK = gray(4, 4, (x) => Number(x === 3));
const BLACK = gray(4, 4);

test("what fits nothing, or several things, is said", async ({ dir }) => {
  await write(dir, {
    "nut/train/good/0.png": IMAGE,
    "nut/train/stray.png": IMAGE,
    "nut/test/good/0.png": IMAGE,
    "nut/test/stray.png": IMAGE,
    "nut/test/dent/1.png": IMAGE,
    "nut/test/dent/2.png": IMAGE,
    "nut/test/dent/2.jpg": IMAGE,
    "nut/ground_truth/dent/1_mask.png": MASK,
    "nut/ground_truth/dent/2_mask.png": MASK,
    "nut/ground_truth/dent/009_mask.png": MASK,
    "nut/masks/dent/1.png": MASK,
    "bolt/train/good/0.png": IMAGE,
    "bolt/test/good/0.png": IMAGE,
    "bolt/test/dent/0.png": IMAGE,
    "bolt/ground_truth/dent/masks.txt": "none",
    "bolt/test/dent/1.heic": "no image",
  });
  const { notes = [], categories } = await openDataSet(`folder:${dir}`);
  assert.equal(
    categories.map(({ test: tests }) => tests.filter(({ mask }) => mask).length),
    [0, 1],
  );
  assert.is(notes.length, 8, notes.join("\n"));
  for (const says of [
    /^nut\/test: 2 masks that fit no image of it, or several: ground_truth\/dent\/009_mask\.png, ground_truth\/dent\/2_mask\.png$/,
    /^nut\/test: 1 image in no folder of a kind, left out$/,
    /^nut\/train: 1 image in no folder of a kind, left out$/,
    /^nut\/test: images of one name \(test\/dent\/2\.jpg, test\/dent\/2\.png\); if some of them are masks/,
    /^nut\/masks: left out, as the masks are read from ground_truth$/,
    /^bolt\/ground_truth: no masks in it$/,
    /^bolt\/ground_truth: 1 left out: dent\/masks\.txt \(this is a text file, not an image\)$/,
    /^bolt\/test: 1 left out: dent\/1\.heic \(.*\)$/,
  ]) {
    assert.ok(
      notes.some((note) => says.test(note)),
      `${says} in ${notes.join("\n")}`,
    );
  }
});

test("a wrong folder is told the layouts that were tried", async ({ dir }) => {
  const wrong = (spec: string, code: string, says: RegExp) =>
    rejects(() => openDataSet(spec.replace("DIR", dir)), code, says);
  await write(dir, { "a/pictures/1.png": IMAGE, "sets.zip": "" });
  await wrong(
    "folder:DIR",
    "bad-layout",
    /no known layout; unpack sets\.zip first; tried KolektorSDD2 \(.*MVTec AD \(no folder in it has train and test\).*meta\.json/,
  );
  await wrong(
    "visa:DIR",
    "bad-layout",
    /no folder split_csv, which .*, and no folder in it has train and test/,
  );
  await wrong("meta:DIR/none.json", "missing", /none\.json/);
  await write(dir, { "nut/train/1.png": IMAGE, "nut/test/2.png": IMAGE });
  await wrong("folder:DIR", "bad-layout", /test: its images lie in no folder of a kind; sort them into good/);
  await wrong("mvtec:DIR?split=valid", "bad-layout", /there is no folder .*nut.valid/);
});

test("labels that are missing are told from images that are normal", async ({ dir }) => {
  await write(join(dir, "dagm"), {
    "Class1/Train/0001.PNG": IMAGE,
    "Class1/Train/0002.PNG": IMAGE,
    "Class1/Train/Label/Labels.txt": "1\n1 0 0001.PNG 0 not_there\n2 1 0002.PNG 0 0002_label.PNG\n",
    "Class1/Test/0001.PNG": IMAGE,
    "Class1/Test/Label/0007_label.PNG": MASK,
  });
  await write(join(dir, "sdd2"), {
    "train/1.png": IMAGE,
    "train/1_GT.png": BLACK,
    "train/2.png": IMAGE,
    "test/3.png": IMAGE,
    "test/3_GT.png": gray(2, 4),
  });
  const reasons = async (spec: string) =>
    (await openDataSet(spec)).skipped.map(({ reason }) => reason).join("\n");
  assert.match(
    await reasons(`dagm:${join(dir, "dagm")}`),
    /0002\.PNG: its label 0002_label\.PNG is listed but missing; left out\nClass1\/Test\/Label\/0007_label\.PNG: a mask that fits no image/,
  );
  assert.match(
    await reasons(`sdd2:${join(dir, "sdd2")}`),
    /2_GT\.png is missing; left out\n.*3_GT\.png: 2 x 4 pixels for an image of 4 x 4/,
  );
});

test("Real-IAD asks for one of several sizes, and does not leave its folder", async ({ dir }) => {
  const list = (prefix: string) =>
    JSON.stringify({
      meta: { prefix, normal_class: "OK" },
      train: [{ category: "a", anomaly_class: "OK", image_path: "x.png" }],
      test: [],
    });
  await write(dir, {
    "realiad_256/a/x.png": IMAGE,
    "realiad_1024/a/x.png": IMAGE,
    "realiad_jsons/a.json": list("a"),
  });
  await rejects(
    () => openDataSet(`realiad:${dir}`),
    "bad-argument",
    /realiad_1024, realiad_256.*size=|realiad_256, realiad_1024.*size=/,
  );
  await rejects(() => openDataSet(`realiad:${dir}?size=512`), "bad-argument", /no folder realiad_512/);
  await rejects(
    () => openDataSet(`realiad:${dir}?size=256&list=realiad_jsons_sv`),
    "missing",
    /no lists realiad_jsons_sv/,
  );
});

test.run();
