import { rm } from "node:fs/promises";
import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { counts, gray, ids, write } from "../support/tree.js";

const test = folderTests("visa");

const LIST = `object,split,label,image,mask
candle,train,normal,candle/Data/Images/Normal/0001.JPG,
candle,train,normal,candle/Data/Images/Normal/0000.JPG,
candle,test,normal,candle/Data/Images/Normal/0002.JPG,
candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png
capsules,train,normal,capsules/Data/Images/Normal/000.JPG,
capsules,test,anomaly,capsules/Data/Images/Anomaly/000.JPG,
`;

async function small(dir: string): Promise<void> {
  await write(dir, {
    "split_csv/1cls.csv": LIST,
    "candle/Data/Images/Normal/0000.JPG": gray(3, 2, 1),
    "candle/Data/Images/Normal/0001.jpg": gray(3, 2, 2),
    "candle/Data/Images/Normal/0002.JPG": gray(3, 2, 3),
    "candle/Data/Images/Anomaly/000.JPG": gray(3, 2, 4),
    // VisA's masks hold small numbers, one a kind of defect.
    "candle/Data/Masks/Anomaly/000.png": gray(3, 2, (x) => x),
    "capsules/Data/Images/Normal/000.JPG": gray(3, 2, 5),
    "capsules/Data/Images/Anomaly/000.JPG": gray(3, 2, 6),
  });
}

test("classes, splits and masks come from the list", async ({ dir }) => {
  await small(join(dir, "VisA_20220922"));
  const { categories } = await openDataSet(`visa:${dir}`);
  assert.equal(
    categories.map(({ name, train, test: tests }) => [name, counts(train), counts(tests)]),
    [
      ["candle", [2, 0], [1, 1]],
      ["capsules", [1, 0], [0, 1]],
    ],
  );
  const [candle, capsules] = categories as [(typeof categories)[0], (typeof categories)[0]];
  assert.equal(ids(candle.train), [
    "candle/Data/Images/Normal/0000.JPG",
    "candle/Data/Images/Normal/0001.jpg",
  ]);
  const bad = candle.test.find(({ label }) => label === 1)!;
  assert.equal([...(await bad.mask!()).data], [0, 255, 255, 0, 255, 255]);
  assert.is(bad.kind, "anomaly");
  assert.is(capsules.test[0].mask, undefined, "an anomalous image may lack its mask");
  assert.is((await candle.train[1].load()).data[0], 2);
});

test("a list of anything else is refused; a missing image is not", async ({ dir }) => {
  await small(dir);
  await rm(join(dir, "candle/Data/Images/Anomaly/000.JPG"));
  const gone = (await openDataSet(`visa:${dir}`)).categories[0].test.find(({ label }) => label === 1)!;
  await rejects(() => gone.load(), "missing", /Anomaly.000\.JPG/);
  const list = (text: string) => write(dir, { "split_csv/1cls.csv": text });
  const open = () => openDataSet(`visa:${dir}`);
  await list("object,split,label,image\n");
  await rejects(open, "bad-layout", /no column "mask"/);
  await list("object,split,label,image,mask\n");
  await rejects(open, "empty", /no line names an image/);
  await list("object,split,label,image,mask\ncandle,val,normal,a.JPG,\n");
  await rejects(open, "bad-layout", /line 2: "candle,val,normal"/);
  await list("object,split,label,image,mask\ncandle,test,anomaly,a.JPG,../../etc/passwd\n");
  await rejects(open, "bad-layout", /passwd" is not inside/);
  await rm(join(dir, "split_csv/1cls.csv"));
  await rejects(open, "missing", /1cls\.csv: no such file/);
});

test.run();
