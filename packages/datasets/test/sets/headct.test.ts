import { rm } from "node:fs/promises";
import { join } from "node:path";
import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { gray, ids, only, write } from "../support/tree.js";

const test = folderTests("headct");

test("the anomalous images are tested last, in the order of the list", async () => {
  const dir = shared("data/headct");
  if (dir) assert.is(only(await openDataSet(`headct:${dir}`)).test.at(-1)!.id, "head_ct/099.png");
});

async function small(dir: string, images = "head_ct/head_ct"): Promise<void> {
  await write(dir, { "labels.csv": "id, hemorrhage\n0,1\n1,0\n12,0\n3,0\n4,0\n" });
  for (const id of ["000", "001", "012", "003", "004"]) {
    await write(dir, { [`${images}/${id}.png`]: gray(2, 2, Number(id)) });
  }
}

test("images nested twice; the order is that of the list", async ({ dir }) => {
  await small(dir);
  const { train, test: tests } = only(await openDataSet(`headct:${dir}`));
  assert.equal(ids(train), ["head_ct/head_ct/001.png", "head_ct/head_ct/003.png", "head_ct/head_ct/004.png"]);
  assert.equal(ids(tests), ["head_ct/head_ct/012.png", "head_ct/head_ct/000.png"]);
});

test("a missing image keeps its place and fails when it is loaded", async ({ dir }) => {
  await small(dir, "head_ct");
  const before = only(await openDataSet(`headct:${dir}`));
  await rm(join(dir, "head_ct/012.png"));
  const after = only(await openDataSet(`headct:${dir}`));
  assert.equal(ids(after.test), ids(before.test));
  await rejects(() => after.test[0].load(), "missing", /012\.png: no such file/);
});

test("a list without its column, or with nonsense in it, is refused", async ({ dir }) => {
  await small(dir);
  await write(dir, { "labels.csv": "id,haemorrhage\n0,1\n" });
  await rejects(() => openDataSet(`headct:${dir}`), "bad-layout", /no column "hemorrhage"/);
  for (const line of ["../../x,1", "1,2", "1e3,0", "-1,0"]) {
    await write(dir, { "labels.csv": `id, hemorrhage\n${line}\n` });
    await rejects(() => openDataSet(`headct:${dir}`), "bad-layout", /line 2/);
  }
  await write(dir, { "labels.csv": "id, hemorrhage\n1,0\n" });
  await rejects(() => openDataSet(`headct:${dir}`), "too-few", /1 normal images are too few/);
});

test.run();
