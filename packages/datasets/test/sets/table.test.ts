import { join } from "node:path";
import * as assert from "uvu/assert";
import { insideOf, readCsv, readLines } from "../../src/sets/table.js";
import { rejects } from "../support/rejects.js";
import { folderSuite, write } from "../support/tree.js";

const test = folderSuite("table");

test("columns are found by name, whatever their order, case and spaces", async ({ dir }) => {
  await write(dir, { "a.csv": '\ufeff x , ID,note\r\n1 ,2,"a, ""b"""\r\n\r\n3,4,\n' });
  const rows = await readCsv(join(dir, "a.csv"), ["id", "note", "x"]);
  assert.equal(
    rows.map(({ cells }) => cells),
    [
      { id: "2", note: 'a, "b"', x: "1" },
      { id: "4", note: "", x: "3" },
    ],
  );
  assert.match(rows[1].where, /a\.csv line 4$/);
});

test("missing columns, short and huge lines are named", async ({ dir }) => {
  const path = join(dir, "a.csv");
  await write(dir, { "a.csv": "id,label\n1\n" });
  await rejects(() => readCsv(path, ["id", "hemorrhage"]), "bad-layout", /no column "hemorrhage".*id, label/);
  await rejects(() => readCsv(path, ["id", "label"]), "corrupt", /line 2: no label/);
  await write(dir, { "a.csv": "" });
  await rejects(() => readCsv(path, ["id"]), "bad-layout", /its columns: none/);
  await write(dir, { "a.csv": `id\n${"9".repeat(1e6)}` });
  await rejects(() => readLines(path), "corrupt", /line 2: 1000000 characters/);
  await rejects(() => readLines(join(dir, "none.csv")), "missing", /none\.csv/);
  await rejects(() => readLines(dir), "bad-layout", /this is no file/);
});

test("a hostile line of quotes and commas takes no time", async ({ dir }) => {
  await write(dir, { "a.csv": `id\n${'",'.repeat(8000)}\n` });
  const started = performance.now();
  assert.is((await readCsv(join(dir, "a.csv"), ["id"])).length, 1);
  assert.ok(performance.now() - started < 500);
});

test("paths stay inside the folder", async () => {
  const root = join("data", "set");
  assert.is(insideOf(root, "./images\\a.png", "line 1"), join(root, "images", "a.png"));
  assert.is(insideOf(root, "x/../a..png", "line 1"), join(root, "a..png"));
  for (const path of ["../a.png", "x/../../a.png", "/etc/passwd", "..", ".", "", "..\\..\\a.png"]) {
    await rejects(() => insideOf(root, path, "line 1"), "bad-layout", /line 1: .* is not inside/);
  }
});

test.run();
