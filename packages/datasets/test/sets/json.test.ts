import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { counts, gray, ids, write } from "../support/tree.js";

const test = folderTests("json");

const list = (...entries: [string, number, string][]) =>
  JSON.stringify(entries.map(([image_path, target, type]) => ({ image_path, target, type })));

test("lists are merged by class; val or test in a name makes test images", async ({ dir }) => {
  await write(dir, {
    "AD_json/candle_normal.json": list(["./data/a.png", 0, "candle"], ["data/b.png", 0, "candle"]),
    "AD_json/candle_outlier.json": list(["data/c.png", 1, "candle"]),
    "AD_json/candle_val_normal.json": list(["data/d.png", 0, "candle"]),
    "AD_json/nut_val_outlier.json": list(["data/e.png", 1, "metal_nut"]),
    "AD_json/validity.json": list(["data/f.png", 0, "metal_nut"]),
    "data/a.png": gray(2, 2, 5),
  });
  const { categories } = await openDataSet(`json:${dir}/AD_json?root=${dir}`);
  assert.equal(
    categories.map(({ name, className, train, test: tests }) => [
      name,
      className,
      counts(train),
      counts(tests),
    ]),
    [
      ["candle", "candle", [2, 1], [1, 0]],
      ["metal_nut", "metal_nut", [1, 0], [0, 1]],
    ],
  );
  assert.equal(ids(categories[0].train), ["data/a.png", "data/b.png", "data/c.png"]);
  assert.is((await categories[0].train[0].load()).data[0], 5);
  await rejects(() => categories[0].train[1].load(), "missing", /b\.png/);
  const files = ["normal", "val_normal"].map((part) => join(dir, `AD_json/candle_${part}.json`));
  const two = await openDataSet(`json:${files}?root=${dir}`);
  assert.equal(
    [counts(two.categories[0].train), counts(two.categories[0].test)],
    [
      [2, 0],
      [1, 0],
    ],
  );
});

test("paths must stay inside the folder, absolute ones too", async ({ dir }) => {
  await write(dir, { "a.json": list([join(dir, "x/a.png"), 0, "nut"]) });
  assert.equal(ids((await openDataSet(`json:${dir}/a.json`)).categories[0].train), ["x/a.png"]);
  for (const path of ["../a.png", "x/../../a.png", "/etc/passwd", "..\\a.png"]) {
    await write(dir, { "a.json": list(["ok.png", 0, "nut"], [path, 0, "nut"]) });
    await rejects(
      () => openDataSet(`json:${dir}/a.json`),
      "bad-layout",
      /entry 1: .* is not inside .*root=DIR/,
    );
  }
});

test("a file that is no such list is refused by name", async ({ dir }) => {
  const wrong = async (text: string, code: string, says: RegExp) => {
    await write(dir, { "a.json": text });
    await rejects(() => openDataSet(`json:${dir}/a.json`), code, says);
  };
  await wrong("", "corrupt", /a\.json: this is no JSON/);
  await wrong(`[{"image_path": "a`, "corrupt", /this is no JSON/);
  await wrong(`${"[".repeat(1e5)}`, "corrupt", /this is no JSON/);
  await wrong("{}", "bad-layout", /no list of images/);
  await wrong("[]", "bad-layout", /no list of images/);
  await wrong("[null]", "bad-layout", /entry 0: no usable image_path/);
  await wrong(`[{"image_path": "a.png", "target": 0}]`, "bad-layout", /entry 0: no usable type/);
  await wrong(`[{"image_path": "a.png", "target": "0", "type": "x"}]`, "bad-layout", /no usable target/);
  await wrong(`[{"image_path": 5, "target": 0, "type": "x"}]`, "bad-layout", /no usable image_path/);
  await rejects(() => openDataSet(`json:${dir}/none.json`), "missing", /none\.json/);
  await write(join(dir, "empty"), { "x.txt": "" });
  await rejects(() => openDataSet(`json:${dir}/empty`), "empty", /no \.json file/);
});

test.run();
