import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeImage, readProductSet } from "@inctrl/datasets";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { drawProduct, writeProceduralSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";

const test = suite("write-set", { dir: "" });
test.before(async (context) => {
  context.dir = await mkdtemp(join(tmpdir(), "inctrl-set-"));
});
test.after((context) => rm(context.dir, { recursive: true }));

test("a written set reads back as a class with masks", async ({ dir }) => {
  const progress: number[] = [];
  const onProgress = (done: number, total: number) => progress.push(done / total);
  const sizes = { size: 32, train: 2, testGood: 3, testBad: 6 };
  await writeProceduralSet(dir, { classes: ["mesh", "nut"], ...sizes, onProgress });
  const set = await readProductSet(join(dir, "nut"));
  assert.is(set.train.length, 2);
  const labels = set.test.map(({ label }) => label as number);
  assert.equal([labels.length, labels.reduce((a, b) => a + b)], [9, 6]);
  for (const { id, label, load, mask } of set.test) {
    assert.is(Boolean(mask), label === 1);
    assert.is((await load()).mode, "RGB");
    const maskFile = id.replace("/test/", "/ground_truth/").replace(".png", "_mask.png");
    if (mask) assert.is((await decodeImage(join(dir, maskFile))).mode, "L");
  }
  assert.is(progress.length, 22);
  assert.is(progress.at(-1), 1);
  const first = await decodeImage(join(dir, "nut/train/good/000.png"));
  assert.equal(first.data, drawProduct({ class: "nut", size: 32 }).image.data);
});

test("bad numbers and folders that cannot be made are refused", async ({ dir }) => {
  await rejects(() => writeProceduralSet(dir, { train: -1 }), "bad-argument", /-1 samples/);
  await writeFile(join(dir, "file"), "");
  await rejects(
    () => writeProceduralSet(join(dir, "file"), { classes: ["nut"], size: 32 }),
    "not-writable",
    /cannot be made/,
  );
});

test.run();
