import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { oneCategory } from "../../src/sets/samples.js";
import { counts, gray, ids, only, write } from "../support/tree.js";

const test = folderTests("aitex");

test("the sample: 12 strips of 16 tiles, defect tiles by their masks, one strip without a mask", async () => {
  const dir = shared("data/aitex");
  if (!dir) return;
  const set = await openDataSet(`aitex:${dir}`);
  const { test: tests } = only(set);
  assert.equal(
    set.skipped.map(({ id }) => id),
    ["Defect_images/0100_025_08.png"],
  );
  for (const sample of tests.filter(({ label }) => label === 1)) {
    const [raster, mask] = await Promise.all([sample.load(), sample.mask!()]);
    assert.equal([raster.width, raster.height, mask.width, mask.height], [256, 256, 256, 256]);
    assert.ok(mask.data.includes(255), sample.id);
  }
  const kinds = new Set(tests.map(({ kind }) => kind));
  assert.ok(kinds.has("Fuzzyball") && kinds.has("Nep") && !kinds.has("Warp_ball"));
});

test("folders nested once more, several masks merged, unknown codes kept", async ({ dir }) => {
  const dot = (at: number) => gray(1024, 256, (x, y) => (x === at && y === 0 ? 255 : 0));
  await write(dir, {
    "NODefect_images/NODefect_images/fabric-a/0001_000_00.png": gray(1024, 256, 1),
    "NODefect_images/fabric-b/0001_000_01.PNG": gray(600, 256, 2),
    "Defect_images/Defect_images/0001_019_00.png": gray(1024, 256, (x) => x >> 8),
    "Defect_images/0002_999_00.png": gray(1024, 256, 3),
    "Defect_images/0003_002_00.png": gray(1024, 256, 3),
    "Mask_images/Mask_images/0001_019_00_mask.png": dot(256),
    "Mask_images/0001_019_00_mask2.png": dot(1023),
    "Mask_images/0002_999_00_mask.png": dot(255),
    "Mask_images/0003_002_00_mask.png": gray(1024, 256),
  });
  const set = await openDataSet(`aitex:${dir}`);
  const { train, test: tests } = only(set);
  assert.is(train.length, 4, "4 + 2 tiles, of which ceil(6 / 4) are tested on");
  const bad = tests.filter(({ label }) => label === 1);
  assert.equal(
    bad.map(({ id, kind }) => [id, kind]),
    [
      ["Defect_images/0002_999_00.png#00", "999"],
      ["Defect_images/Defect_images/0001_019_00.png#01", "Fuzzyball"],
      ["Defect_images/Defect_images/0001_019_00.png#03", "Fuzzyball"],
    ],
  );
  assert.equal((await bad[2].load()).data[0], 3);
  assert.equal((await bad[1].mask!()).data[0], 255);
  assert.equal((await bad[2].mask!()).data.indexOf(255), 255);
  assert.match(set.skipped[0].reason, /0003_002_00_mask\.png: the mask marks nothing/);
  assert.equal(ids([...train, ...tests]).filter((id) => id.startsWith("NODefect_images/fabric-b")).length, 2);
});

test("strips that are damaged or too small are left out by name", async ({ dir }) => {
  await write(dir, {
    "NODefect_images/a/1.png": gray(1024, 256),
    "NODefect_images/a/2.png": "damaged",
    "NODefect_images/a/3.png": gray(255, 256),
    "Defect_images/0001_002_00.png": gray(512, 256),
    "Mask_images/0001_002_00_mask.png": gray(512, 255, 255),
  });
  const { categories, skipped } = await openDataSet(`aitex:${dir}`);
  assert.equal(counts(categories[0].test), [1, 0]);
  assert.is(skipped.length, 3);
  assert.match(skipped.map(({ reason }) => reason).join(" "), /text file.*255 x 256.*512 x 255/);
});

test("splits of the published sizes give the published test counts", () => {
  const samples = (n: number) =>
    Array.from({ length: n }, (_, i) => ({
      id: String(i),
      label: 0 as const,
      kind: "good",
      load: () => Promise.reject(new Error()),
    }));
  // Normal tiles or pieces: AITEX, KolektorSDD, BrainMRI, HeadCT.
  for (const [normals, tests] of [
    [2256, 564],
    [1143, 286],
    [98, 25],
    [100, 25],
  ] as const) {
    const set = oneCategory({ name: "aitex", className: "fabric", root: "here", samples: samples(normals) });
    const [split] = set.categories;
    assert.equal([split.train.length, split.test.length], [normals - tests, tests]);
  }
});

test.run();
