import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { counts, gray, ids, only, write } from "../support/tree.js";

const test = folderTests("cifar10");

const NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/** A batch of one record a label; red is the label, green counts the pixels, blue is 7. */
function batch(labels: readonly number[]): Buffer {
  return Buffer.concat(
    labels.map((label) => {
      const record = Buffer.alloc(3073, label);
      for (let p = 0; p < 1024; p++) record[1025 + p] = p & 255;
      return record.fill(7, 2049);
    }),
  );
}

test("the sample: classes in turn, or animals together", async () => {
  const dir = shared("data/cifar10");
  if (!dir) return;
  const { categories } = await openDataSet(`cifar10:${dir}`);
  assert.equal(
    categories.map(({ name }) => name),
    NAMES,
  );
  assert.is(
    categories.reduce((sum, { train }) => sum + train.length, 0),
    1000,
  );
  for (const { test: tests } of categories) assert.is(tests.length, 500);
  const animals = only(await openDataSet(`cifar10:${dir}?protocol=multi`));
  assert.equal([animals.name, animals.className], ["animal", "animal"]);
  const [normal, anomalous] = counts(animals.test);
  assert.ok(normal + anomalous === 500 && normal > anomalous);
});

test("records are read by position, and planes become pixels", async ({ dir }) => {
  await write(join(dir, "cifar-10-batches-bin"), {
    "data_batch_1.bin": batch([0, 1, 2, 3, 4]),
    "data_batch_2.bin": batch([5, 6, 7, 8, 9, 3]),
    "test_batch.bin": batch([3, 0]),
    "batches.meta.txt": NAMES.join("\n"),
  });
  const { categories } = await openDataSet(`cifar10:${dir}`);
  const cat = categories[3];
  assert.equal(ids(cat.train), ["data_batch_1#00003", "data_batch_2#00005"]);
  assert.equal(
    cat.test.map(({ id, label, kind }) => [id, label, kind]),
    [
      ["test_batch#00000", 0, "good"],
      ["test_batch#00001", 1, "airplane"],
    ],
  );
  const { width, height, mode, data } = await cat.train[1].load();
  assert.equal([width, height, mode], [32, 32, "RGB"]);
  assert.equal([...data.subarray(0, 9)], [3, 0, 7, 3, 1, 7, 3, 2, 7]);
  await truncate(join(dir, "cifar-10-batches-bin/data_batch_2.bin"), 4000);
  await rejects(() => cat.train[1].load(), "truncated", /record 5: the file ends early/);
});

test("batches that are cut off, hold other classes or are missing are refused", async ({ dir }) => {
  const open = () => openDataSet(`cifar10:${dir}`);
  await write(dir, { "data_batch_1.bin": batch([0, 1]) });
  await rejects(open, "bad-layout", /no test_batch\.bin/);
  await write(dir, { "test_batch.bin": batch([0]).subarray(0, 3000) });
  await rejects(open, "truncated", /3000 bytes are no whole number of records/);
  await write(dir, { "test_batch.bin": batch([0, 10]) });
  await rejects(open, "corrupt", /record 1 is of class 10/);
  await write(dir, { "test_batch.bin": new Uint8Array(0) });
  await rejects(open, "truncated", /0 bytes/);
  await write(dir, { "test_batch.bin": batch([0]) });
  await rejects(open, "empty", /no training image is of class bird/);
});

test("folders of images a class are read, in either case", async ({ dir }) => {
  for (const [i, name] of NAMES.entries()) {
    await write(dir, {
      [`CIFAR-10/train/${name}/0.PNG`]: gray(2, 2, i),
      [`CIFAR-10/test/${i ? name : "Airplane"}/1.png`]: gray(2, 2, i),
    });
  }
  const animals = only(await openDataSet(`cifar10:${dir}?protocol=multi`));
  assert.equal(
    [counts(animals.train), counts(animals.test)],
    [
      [6, 0],
      [6, 4],
    ],
  );
  const { categories } = await openDataSet(`cifar10:${dir}`);
  assert.equal(ids(categories[0].train), ["train/airplane/0.PNG"]);
  assert.equal(counts(categories[0].test), [1, 9]);
});

test.run();
