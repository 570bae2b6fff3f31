import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { decodeImage, openDataSet } from "../../src/index.js";
import { counts, gray, ids, only, write } from "../support/tree.js";

const test = folderTests("sdd");

test("the sample: 18 images in three pieces each, labelled by their own pixels", async () => {
  const dir = shared("data/kolektorsdd");
  if (!dir) return;
  const { train, test: tests } = only(await openDataSet(`sdd:${dir}`));
  const defective = new Set(tests.filter(({ label }) => label === 1).map(({ source }) => source!.path));
  assert.is(defective.size, 6, "the README's six defective images; one defect lies across a cut");
  // The three pieces are the image, no row lost or doubled.
  const all = [...train, ...tests].filter(({ id }) => id.startsWith("kos01/Part0.jpg#"));
  const pieces = await Promise.all(all.sort((a, b) => (a.id < b.id ? -1 : 1)).map((sample) => sample.load()));
  const whole = await decodeImage(join(dir, "kos01/Part0.jpg"));
  assert.equal(Buffer.concat(pieces.map(({ data }) => data)), Buffer.from(whole.data));
  for (const sample of tests.filter(({ label }) => label === 1)) {
    const [raster, mask] = await Promise.all([sample.load(), sample.mask!()]);
    assert.equal([mask.width, mask.height], [raster.width, raster.height]);
    assert.ok(mask.data.includes(255) && mask.data.includes(0));
  }
});

test("a pixel on the first row of a piece marks that piece alone", async ({ dir }) => {
  await mkdir(join(dir, "KolektorSDD"));
  await write(dir, {
    "KolektorSDD/kos01/Part0.JPG": gray(4, 11, (_, y) => y),
    // 11 rows are cut at 3 and 7.
    "KolektorSDD/kos01/Part0_label.BMP": gray(4, 11, (x, y) => (x === 3 && y === 7 ? 1 : 0)),
    "KolektorSDD/kos02/Part0.jpg": gray(4, 9, 50),
    "KolektorSDD/kos02/Part0_label.bmp": gray(4, 9),
  });
  const { categories, skipped } = await openDataSet(`sdd:${dir}`);
  const { train, test: tests } = categories[0];
  assert.equal(skipped, []);
  assert.equal(counts([...train, ...tests]), [5, 1]);
  const bad = tests.at(-1)!;
  assert.equal(
    [bad.id, bad.kind, bad.source!.box],
    ["kos01/Part0.JPG#2", "defect", { x: 0, y: 7, width: 4, height: 4 }],
  );
  assert.equal([...(await bad.load()).data], [7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10]);
  assert.equal([...(await bad.mask!()).data.subarray(0, 8)], [0, 0, 0, 255, 0, 0, 0, 0]);
});

test("an image without a label, of another size or damaged is left out by name", async ({ dir }) => {
  await write(dir, {
    "kos01/Part0.jpg": gray(4, 9),
    "kos01/Part0_label.bmp": gray(4, 9),
    "kos01/Part1.jpg": gray(4, 9),
    "kos01/Part2.jpg": gray(4, 9),
    "kos01/Part2_label.bmp": gray(4, 6),
    "kos01/Part3.jpg": "no image",
    "kos01/Part3_label.bmp": gray(4, 9),
  });
  const set = await openDataSet(`sdd:${dir}`);
  assert.is(only(set).train.length + only(set).test.length, 3);
  assert.equal(ids(only(set).test), ["kos01/Part0.jpg#0"]);
  assert.equal(
    set.skipped.map(({ id }) => id),
    ["kos01/Part1.jpg", "kos01/Part2.jpg", "kos01/Part3.jpg"],
  );
  const reasons = set.skipped.map(({ reason }) => reason).join(" ");
  assert.match(reasons, /Part1_label\.bmp is missing.*4 x 6 pixels for an image of 4 x 9.*text file/);
});

test.run();
