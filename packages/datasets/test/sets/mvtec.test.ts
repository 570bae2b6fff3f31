import { join } from "node:path";
import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { counts, gray, ids, write } from "../support/tree.js";

const test = folderTests("mvtec");

async function classes(dir: string, ...names: string[]): Promise<void> {
  for (const name of names) {
    await write(join(dir, name), {
      "train/good/000.png": gray(2, 2, 1),
      "test/good/000.png": gray(2, 2, 2),
      "test/crack/000.PNG": gray(2, 2, 3),
      "test/crack/001.png": gray(2, 2, 4),
      "ground_truth/crack/000_mask.png": gray(2, 2, (x) => x * 255),
    });
  }
}

test("the sample: two classes, some masks", async () => {
  const dir = shared("data/mvtec");
  if (!dir) return;
  const { categories } = await openDataSet(`mvtec:${dir}`);
  assert.equal(
    categories.map(({ name, train, test: tests }) => [name, counts(train), counts(tests)]),
    [
      ["leather", [4, 0], [4, 8]],
      ["screw", [16, 0], [10, 18]],
    ],
  );
  const bad = categories[0].test.find(({ mask }) => mask)!;
  const [raster, mask] = await Promise.all([bad.load(), bad.mask!()]);
  assert.equal([mask.width, mask.height], [raster.width, raster.height]);
  const marked = mask.data.filter((value) => value === 255).length;
  assert.ok(marked > 100 && marked < mask.data.length / 4);
});

test("a name is the same whether the class, the set or the folder above is given", async ({ dir }) => {
  await classes(join(dir, "mvtec_anomaly_detection"), "metal_nut", "bottle");
  await write(dir, { "mvtec_anomaly_detection/readme.txt": "", "mvtec_anomaly_detection/extra/x.txt": "" });
  await classes(join(dir, "__MACOSX"), "bottle");
  const all = await openDataSet(`mvtec:${dir}`);
  assert.equal(
    all.categories.map(({ name }) => name),
    ["bottle", "metal_nut"],
  );
  const same = await openDataSet(`mvtec:${join(dir, "mvtec_anomaly_detection")}`);
  const own = await openDataSet(`folder:${join(dir, "mvtec_anomaly_detection/metal_nut/")}`);
  const want = [
    "metal_nut/test/crack/000.PNG",
    "metal_nut/test/crack/001.png",
    "metal_nut/test/good/000.png",
  ];
  for (const { categories } of [all, same, own]) assert.equal(ids(categories.at(-1)!.test), want);
  const [first, second, third] = own.categories[0].test;
  assert.equal([...(await first.mask!()).data], [0, 255, 0, 255]);
  assert.equal([second.mask, third.mask, third.kind], [undefined, undefined, "good"]);
});

test("a class that lacks a folder is named", async ({ dir }) => {
  await classes(dir, "bottle");
  await write(dir, { "cable/test/good/0.png": gray(2, 2) });
  await rejects(() => openDataSet(`mvtec:${dir}`), "bad-layout", /cable: there is no folder .*train.good/);
});

test("a lossy mask is black where it is nearer to black", async ({ dir }) => {
  await classes(dir, "nut");
  // By its name a JPEG: that its content is a PNG does not matter here.
  await write(dir, { "nut/ground_truth/crack/001.jpg": gray(2, 2, (x) => (x ? 250 : 3)) });
  const { categories } = await openDataSet(`folder:${dir}`);
  assert.equal([...(await categories[0].test[1].mask!()).data], [0, 255, 0, 255]);
});

test.run();
