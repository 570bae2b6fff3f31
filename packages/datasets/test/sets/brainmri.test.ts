import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet, trainTestSplit } from "../../src/index.js";
import { gray, ids, only, write } from "../support/tree.js";

const test = folderTests("brainmri");

test("the normal test images are scikit-learn's draw", async () => {
  const dir = shared("data/brainmri");
  if (!dir) return;
  const { name, className, train, test: tests } = only(await openDataSet(`brainmri:${dir}`));
  assert.equal([name, className], ["brainmri", "brain"]);
  // scikit-learn's draw over the file names in plain order.
  const names = [...ids(train), ...ids(tests.filter(({ label }) => label === 0))].sort();
  const want = trainTestSplit(98).test.map((i) => names[i]);
  assert.equal(ids(tests.filter(({ label }) => label === 0)), want.sort());
  assert.is(new Set(ids([...train, ...tests])).size, 253);
  const { width, height } = await tests[0].load();
  assert.ok(width > 100 && height > 100);
});

test("folders in any case, nested, extensions in either case; a second copy further down is left alone", async ({
  dir,
}) => {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 4; i++) files[`archive/No/${i}.${i % 2 ? "PNG" : "jpg"}`] = gray(2, 2, i);
  files["archive/YES/0.JPEG"] = gray(2, 2, 9);
  files["archive/copy/no/0.png"] = gray(2, 2, 9);
  files["archive/copy/yes/0.png"] = gray(2, 2, 9);
  await write(dir, files);
  const { train, test: tests } = only(await openDataSet(`brainmri:${dir}`));
  // train_test_split(4) tests on index 1.
  assert.equal(ids(train), ["No/0.jpg", "No/2.jpg", "No/3.PNG"]);
  assert.equal(ids(tests), ["No/1.PNG", "YES/0.JPEG"]);
  assert.equal([tests[1].label, tests[1].kind, tests[1].mask], [1, "tumour", undefined]);
  assert.equal([...(await tests[1].load()).data], [9, 9, 9, 9]);
});

test.run();
