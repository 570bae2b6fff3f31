import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { counts, gray, ids, only, write } from "../support/tree.js";

const test = folderTests("elpv");

test("cells are gray, 300 pixels a side", async () => {
  const dir = shared("data/elpv");
  const sample = dir && only(await openDataSet(`elpv:${dir}`)).test[0];
  if (!sample) return;
  const { width, height, mode } = await sample.load();
  assert.equal([width, height, mode], [300, 300, "L"]);
});

test("a list of the published size gives the published test counts: 377 and 715", async ({ dir }) => {
  const chances = { "0.0": 1508, "0.3333333333333333": 295, "0.6666666666666666": 106, "1.0": 715 };
  let [lines, n] = ["", 0];
  for (const [chance, count] of Object.entries(chances)) {
    for (let i = 0; i < count; i++) {
      lines += `images/cell${String(++n).padStart(4, "0")}.png  ${chance.padEnd(18)} mono\n`;
    }
  }
  assert.is(n, 2624);
  // As the repository of the data set unpacks: some folders down.
  const root = "elpv-dataset-master/src/elpv_dataset/data".split("/").slice(0, 3).join("/");
  await write(dir, { [`${root}/labels.csv`]: lines, [`${root}/images/cell0001.PNG`]: gray(2, 2) });
  const { train, test: tests } = only(await openDataSet(`elpv:${dir}`));
  assert.equal(
    [counts(train), counts(tests)],
    [
      [1131, 0],
      [377, 715],
    ],
  );
  assert.ok(ids([...train, ...tests]).includes("images/cell0001.PNG"), "found in the case it is written");
});

test("paths out of the folder and invalid probabilities are refused with their line", async ({ dir }) => {
  await write(dir, {
    "labels.csv": "images/a.png 0.0 mono\n../../b.png 1.0 poly\n",
    "images/a.png": gray(2, 2),
  });
  await rejects(
    () => openDataSet(`elpv:${dir}`),
    "bad-layout",
    /labels\.csv line 2: "..\/..\/b\.png" is not inside/,
  );
  for (const line of ["images/a.png", "images/a.png mono", "images/a.png 2.0", "images/a.png NaN"]) {
    await write(dir, { "labels.csv": line });
    await rejects(() => openDataSet(`elpv:${dir}`), "bad-layout", /line 1: .* is no probability/);
  }
});

test.run();
