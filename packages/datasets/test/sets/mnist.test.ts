import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { readIdx } from "../../src/sets/idx.js";
import { rejects } from "../support/rejects.js";
import { counts, gray, ids, only, write } from "../support/tree.js";

const test = folderTests("mnist");

/** An IDX file of unsigned bytes. */
function idx(dims: readonly number[], data: Iterable<number>): Buffer {
  const head = Buffer.alloc(4 + 4 * dims.length);
  head[2] = 8;
  head[3] = dims.length;
  for (const [i, side] of dims.entries()) head.writeUInt32BE(side, 4 + 4 * i);
  return Buffer.concat([head, Buffer.from([...data])]);
}

const labels = [3, 1, 4, 1, 5, 9, 2, 6, 0, 7, 8];
const images = idx(
  [11, 2, 3],
  Array.from({ length: 66 }, (_, i) => i),
);

async function small(dir: string, suffix = ""): Promise<void> {
  const pack = suffix ? gzipSync : (bytes: Buffer) => bytes;
  await write(dir, {
    [`train-images-idx3-ubyte${suffix}`]: pack(images),
    [`train-labels-idx1-ubyte${suffix}`]: pack(idx([11], labels)),
    [`t10k-images-idx3-ubyte${suffix}`]: pack(images),
    [`t10k-labels-idx1-ubyte${suffix}`]: pack(idx([11], labels)),
  });
}

test("the sample: each digit normal in turn, or the even ones together", async () => {
  const dir = shared("data/mnist");
  if (!dir) return;
  const { categories } = await openDataSet(`mnist:${dir}`);
  assert.is(categories.length, 10);
  assert.is(
    categories.reduce((sum, { train }) => sum + train.length, 0),
    5000,
  );
  for (const { name, className, train, test: tests } of categories) {
    const [normal, anomalous] = counts(tests);
    assert.is(normal + anomalous, 1000);
    assert.equal([counts(train)[1], className], [0, `digit ${name}`]);
    assert.ok(tests.every(({ label, kind }) => (label === 0 ? kind === "good" : kind !== name)));
  }
  const even = only(await openDataSet(`mnist:${dir}?protocol=multi`));
  assert.equal([even.name, counts(even.test)], ["even", [500, 500]]);
  const { width, height, mode, data } = await even.test[0].load();
  assert.equal([width, height, mode, data.length], [28, 28, "L", 784]);
  assert.ok(data.includes(255) || data.some((value) => value > 200), "ink is white");
});

test("IDX files are read, gzipped or not, with the same names", async ({ dir }) => {
  await small(join(dir, "raw"));
  await small(join(dir, "gz/MNIST/raw"), ".gz");
  const [raw, gz] = await Promise.all([openDataSet(`mnist:${dir}/raw`), openDataSet(`mnist:${dir}/gz`)]);
  const one = raw.categories[1];
  assert.equal(ids(one.train), ["train-images-idx3-ubyte#00001", "train-images-idx3-ubyte#00003"]);
  assert.equal([counts(one.test), one.test[0].kind], [[2, 9], "3"]);
  assert.equal([...(await one.train[0].load()).data], [6, 7, 8, 9, 10, 11]);
  assert.equal(ids(gz.categories[1].train), ids(one.train));
  assert.equal(await gz.categories[1].train[0].load(), await one.train[0].load());
});

test("folders of PNG a digit are read", async ({ dir }) => {
  for (const digit of "0123456789") {
    await write(dir, {
      [`mnist_png/training/${digit}/1.png`]: gray(2, 2, Number(digit)),
      [`mnist_png/testing/${digit}/9.PNG`]: gray(2, 2, Number(digit)),
    });
  }
  await write(dir, { "mnist_png/training/other/1.png": gray(2, 2) });
  const { categories } = await openDataSet(`mnist:${dir}`);
  assert.equal([ids(categories[7].train), counts(categories[7].test)], [["training/7/1.png"], [1, 9]]);
  const even = only(await openDataSet(`mnist:${dir}?protocol=multi`));
  assert.equal(
    [counts(even.train), counts(even.test)],
    [
      [5, 0],
      [5, 5],
    ],
  );
  assert.equal(
    even.train.map((sample) => sample.class),
    ["0", "2", "4", "6", "8"],
  );
});

test("files with a wrong header, cut off files and other files are refused", async ({ dir }) => {
  const path = join(dir, "x.gz");
  const read = (bytes: Uint8Array, name = "x") =>
    write(dir, { [name]: bytes }).then(() => readIdx(join(dir, name), 3));
  const full = await read(images);
  assert.equal([full.dims, full.itemBytes, full.data.length], [[11, 2, 3], 6, 66]);
  await rejects(() => read(images.subarray(0, 70)), "truncated", /70 bytes of the 82/);
  await rejects(() => read(images.subarray(0, 7)), "truncated", /7 bytes of the 16/);
  await rejects(() => read(Buffer.concat([images, Buffer.alloc(1)])), "corrupt", /more than the 82 bytes/);
  await rejects(() => read(idx([4e9, 4e9, 4e9], [])), "corrupt", /header says 4000000000 x/);
  await rejects(() => read(idx([1e9, 1, 1], [1, 2])), "truncated", /18 bytes of the 1000000016/);
  await rejects(() => read(idx([0, 2, 2], [])), "corrupt", /0 x 2 x 2/);
  await rejects(() => read(idx([4], [1, 2, 3, 4, 5, 6, 7, 8])), "corrupt", /no IDX of 3 dimensions/);
  const packed = gzipSync(images);
  await rejects(() => read(packed.subarray(0, packed.length - 12), "x.gz"), "truncated", /gzip ends early/);
  await rejects(() => read(images, "x.gz"), "corrupt", /damaged gzip/);
  // A few KB that would inflate to 64 MB: reading ends where the header's promise does.
  await rejects(
    () => read(gzipSync(Buffer.concat([images, Buffer.alloc(2 ** 26)])), "x.gz"),
    "corrupt",
    /more than/,
  );
  await rejects(() => readIdx(`${path}.none`, 3), "missing", /no such file/);
});

test("counts that differ, labels past 9 and missing files are named", async ({ dir }) => {
  await small(dir);
  await write(dir, { "train-labels-idx1-ubyte": idx([10], labels.slice(1)) });
  await rejects(() => openDataSet(`mnist:${dir}`), "corrupt", /10 labels for 11 images/);
  await write(dir, { "train-labels-idx1-ubyte": idx([11], [...labels.slice(1), 10]) });
  await rejects(() => openDataSet(`mnist:${dir}`), "corrupt", /label 10 is 10/);
  await write(dir, {
    "train-labels-idx1-ubyte": idx(
      [11],
      labels.map(() => 1),
    ),
  });
  await rejects(() => openDataSet(`mnist:${dir}`), "empty", /no training image is of class 0/);
  await write(join(dir, "part"), { "train-images-idx3-ubyte": images });
  await rejects(() => openDataSet(`mnist:${dir}/part`), "bad-layout", /no train-labels-idx1-ubyte/);
});

test.run();
