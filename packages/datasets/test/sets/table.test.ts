import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { labelledImages } from "../../src/sets/pairs.js";
import { insideOf, readText, rowsOf } from "../../src/sets/table.js";
import { rejects } from "../support/rejects.js";
import { write } from "../support/tree.js";

const test = folderTests("table");

test("columns are found by name, whatever their order, case and spaces", async ({ dir }) => {
  await write(dir, { "a.csv": '\ufeff x , ID,note\r\n1 ,2,"a, ""b"""\r\n\r\n3,4,\n' });
  const path = join(dir, "a.csv");
  const rows = rowsOf(path, await readText(path), ["id", "note", "x"]);
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
  const rows = (text: string, columns: string[]) => () => rowsOf("a.csv", text, columns);
  await rejects(rows("id,label\n1\n", ["hemorrhage"]), "bad-layout", /no column "hemorrhage".*id, label/);
  await rejects(rows("id,label\n1\n", ["id", "label"]), "corrupt", /line 2: no label/);
  await rejects(rows("", ["id"]), "bad-layout", /its columns: none/);
  await rejects(rows(`id\n${"9".repeat(1e6)}`, ["id"]), "corrupt", /line 2: 1000000 characters/);
  await rejects(() => readText(join(dir, "none.csv")), "missing", /none\.csv/);
  await rejects(() => readText(dir), "bad-layout", /this is no file/);
});

test("a hostile line of quotes and commas takes no time", () => {
  const started = performance.now();
  assert.is(rowsOf("a.csv", `id\n${'",'.repeat(8000)}\n`, ["id"]).length, 1);
  assert.ok(performance.now() - started < 500);
});

test("a hostile list of labels takes no time", () => {
  const started = performance.now();
  assert.is(labelledImages(`${"a".repeat(1e5)} 0002_label.PNG`).get("0002"), "0002_label.PNG");
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
