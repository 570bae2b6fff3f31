import type { CategoryReport } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { reportText } from "../../src/datasets/report.js";

const plain: CategoryReport = {
  name: "nut",
  className: "nut",
  train: { normal: 4, anomalous: 0 },
  test: { normal: 2, anomalous: 3 },
  anomalies: { crack: 2, dent: 1 },
  sizes: [{ width: 4, height: 3, mode: "L", count: 9 }],
  duplicates: { train: 0, test: 0, between: 0, contradictory: 0, groups: [] },
  unreadable: [],
  masks: { present: 2, scaled: 1, missing: ["nut/a.png"], empty: [], unreadable: [] },
};

test("a category is a block of lines without empty ones", () => {
  const text = reportText({ name: "folder", categories: [plain], skipped: [], notes: [] });
  assert.is(
    text,
    `folder: 1 category

nut
  train       4 normal
  test        2 normal, 3 anomalous
  anomalies   crack 2, dent 1
  images      4 x 3 L
  masks       2 of 3 anomalous images, 1 scaled to their image
  duplicates  none
  without a mask (1):
    nut/a.png
`,
  );
});

test("thousands of names take one screen, and line breaks in them add no lines", () => {
  const ids = Array.from({ length: 5000 }, (_, i) => `nut/${i}\n\u001b[2J.png`);
  const files = ids.map((id) => ({ id, reason: `${id}: damaged` }));
  const category: CategoryReport = {
    ...plain,
    className: "hex nut",
    sizes: ids.map((_, i) => ({ width: i + 1, height: 3, mode: "RGB", count: 1 })),
    duplicates: { train: 10, test: 20, between: 30, contradictory: 2, groups: [ids, ids.slice(0, 2)] },
    unreadable: files,
    masks: { present: 5000, scaled: 0, missing: ids, empty: ids, unreadable: files },
  };
  const text = reportText({ name: "x", categories: [category], skipped: files, notes: [] });
  assert.match(text, "nut (hex nut)\n");
  assert.match(
    text,
    "duplicates  10 within train, 20 within test, 30 of test also in train, 2 both normal and anomalous",
  );
  assert.match(text, "  unreadable (5000):\n    nut/0\\n\\u001b[2J.png: damaged\n");
  assert.match(text, "    and 4992 more\n");
  assert.match(text, "= and 4997 more\n");
  assert.ok(text.split("\n").length < 80, text);
  assert.not.match(text, "\u001b");
});

test.run();
