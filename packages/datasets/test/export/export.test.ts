import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderTests, shared, throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { FreeNames } from "../../src/export/names.js";
import { exportDataSet, listImages, openDataSet, toRGB } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { counts, gray, ids, only, setOf, write } from "../support/tree.js";

const test = folderTests("export");

test("tiles of AITEX come back from their folders, pixels and masks", async ({ dir }) => {
  const from = shared("data/aitex");
  if (!from) return;
  const set = await openDataSet(`aitex:${from}`);
  const report = await exportDataSet(set, join(dir, "out"));
  assert.equal(report, { images: 223, masks: 31, unreadable: [] });
  const back = only(await openDataSet(`folder:${join(dir, "out")}`));
  const { train, test: tests } = only(set);
  assert.equal([back.name, counts(back.train), counts(back.test)], ["aitex", counts(train), counts(tests)]);
  assert.equal(
    [...new Set(back.test.map(({ kind }) => kind))].sort(),
    [...new Set(tests.map(({ kind }) => kind))].sort(),
  );
  const at = tests.findIndex(({ id }) => id.startsWith("Defect_images/0044_019_04.png#"));
  const name = `aitex/test/Fuzzyball/${tests[at].id.slice(14).replace(".png#", "-")}.png`;
  const again = back.test.find(({ id }) => id === name)!;
  assert.equal(await again.load(), await tests[at].load());
  assert.equal(await again.mask!(), await tests[at].mask!());
});

test("PNG files are copied byte by byte, others encoded, damaged ones named", async ({ dir }) => {
  const whole = gray(3, 3, 7);
  await write(join(dir, "in/nut"), {
    "train/good/a.png": whole,
    "train/good/a.bmp": bmp(),
    "train/good/b.png": "damaged",
    "test/good/a.png": whole,
    "test/crack/a.png": whole,
    "ground_truth/crack/a_mask.png": "damaged",
  });
  const set = await openDataSet(`folder:${dir}/in`);
  const told: number[] = [];
  const out = join(dir, "out");
  await mkdir(out);
  const report = await exportDataSet(set, out, { onProgress: (done) => told.push(done) });
  assert.equal([report.images, report.masks], [4, 0]);
  assert.equal(
    report.unreadable.map(({ id }) => id),
    ["nut/train/good/b.png", "nut/test/crack/a.png"],
  );
  assert.equal(told, [1, 2, 3, 4, 5]);
  assert.equal(await readFile(join(out, "nut/test/crack/a.png")), Buffer.from(whole));
  const names = (await listImages(out, { recursive: true })).map((path) => path.slice(out.length + 1));
  assert.equal(names, [
    "nut/test/crack/a.png",
    "nut/test/good/a.png",
    // Two images of one stem go under their whole names.
    "nut/train/good/nut-train-good-a-2.png",
    "nut/train/good/nut-train-good-a.png",
  ]);
  const bmpSample = only(set).train.find(({ id }) => id.endsWith(".bmp"))!;
  const back = only(await openDataSet(`folder:${out}`)).train.map((sample) => sample.load());
  assert.ok((await Promise.all(back)).some(({ data }) => data.join() === "9,8,7"));
  assert.equal([...toRGB(await bmpSample.load()).data], [9, 8, 7]);
});

/** One pixel of 24 bits: red 9, green 8, blue 7. */
function bmp(): Buffer {
  const bytes = Buffer.alloc(58);
  bytes.write("BM");
  bytes.writeUInt32LE(58, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(1, 18);
  bytes.writeInt32LE(1, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  bytes.set([7, 8, 9], 54);
  return bytes;
}

test("names in a list cannot leave the folder", async ({ dir }) => {
  await write(join(dir, "in"), {
    "a.png": gray(2, 2, 1),
    "list.json": JSON.stringify([
      { image_path: "a.png", target: 0, type: "../../../evil" },
      { image_path: "a.png", target: 1, type: "../../../evil" },
      { image_path: "a.png", target: 0, type: "CON" },
      { image_path: "a.png", target: 0, type: "con" },
    ]),
  });
  await exportDataSet(await openDataSet(`json:${dir}/in/list.json`), join(dir, "out"));
  assert.equal((await readdir(join(dir, "out"))).sort(), ["_.._.._evil", "_CON", "_con-2"]);
  assert.equal((await readdir(dir)).sort(), ["in", "out"]);
  assert.equal((await readdir(join(dir, "out/_.._.._evil"))).sort(), ["test", "train"]);
});

test("a nonempty folder, a file, and a folder that cannot be made are refused", async ({ dir }) => {
  const set = setOf(["nut", "bolt", "gear"], { train: 1, good: 1, bad: 1 });
  await write(dir, { "full/mine.txt": "keep", file: "" });
  await rejects(
    () => exportDataSet(set, join(dir, "full")),
    "not-writable",
    /there are files in it \(mine\.txt\)/,
  );
  for (const path of ["file", "file/below"]) {
    await throwsCode(() => exportDataSet(set, join(dir, path)), "write", new RegExp(`${path}: `));
  }
  assert.equal((await readdir(dir)).sort(), ["file", "full"]);
  assert.equal(await readdir(join(dir, "full")), ["mine.txt"]);
});

test("an aborted export leaves nothing behind", async ({ dir }) => {
  const controller = new AbortController();
  const set = setOf(["nut", "bolt", "gear"], { train: 1, good: 1, bad: 1 });
  const stopped = await exportDataSet(set, join(dir, "out"), {
    signal: controller.signal,
    onProgress: (done) => done === 5 && controller.abort(new Error("enough")),
  }).catch((error) => error.message);
  assert.is(stopped, "enough");
  assert.equal(await readdir(dir), []);
  await writeFile(join(dir, "x"), "");
});

test("names are safe, short and free", () => {
  const names = new FreeNames();
  const taken = ["a", "A", "a", "..", "", " x. ", "a/b\\c\0", "nul", "Ünï", "y".repeat(500)].map((name) =>
    names.take(name),
  );
  assert.equal(taken.slice(0, 9), ["a", "A-2", "a-3", "_", "_-2", "x", "a_b_c_", "_nul", "Ünï"]);
  assert.is(taken[9].length, 120);
});

test("exported sets keep their categories' names and order", async ({ dir }) => {
  const set = setOf(["nut", "bolt-2", "bolt"], { train: 2, good: 1, bad: 3 });
  await exportDataSet(set, join(dir, "out"));
  const back = await openDataSet(`mvtec:${join(dir, "out")}`);
  const sorted = set.categories.map(({ name }) => name).sort();
  assert.equal(
    back.categories.map(({ name }) => name),
    sorted,
  );
  assert.ok(ids(back.categories[0].train).every((id) => /train\/good\/00\d\.png$/.test(id)));
});

test.run();
