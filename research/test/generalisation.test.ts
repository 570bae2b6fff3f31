import { createHash } from "node:crypto";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Stored } from "../study/data.js";
import { foldsOf, strangersOf } from "../study/held-out.js";
import type { Row } from "../study/measure.js";
import { PairFile } from "../study/pair-file.js";
import { fillStudy } from "../study/readme.js";
import { chosenOf, type Facts, summaryOf } from "../study/table.js";

const test = suite("study", { folder: "" });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), "inctrl-study-"));
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

const row = (name: string, defects: number, near: number, tests: number): Row => ({
  name,
  heldOut: { defects, near, far: 1 },
  tests: Object.fromEntries(
    ["brainmri", "headct"].map((set) => [set, { 2: [tests], 4: [tests, tests + 0.1], 8: [tests] }]),
  ),
});
const ROWS = [
  row("s_p alone", 0.8, 0.7, 0.81),
  row("good on tests", 0.7, 0.7, 0.99),
  row("sorted, probability, all", 0.7, 0.7, 0.82),
  row("sorted, probability, all, strangers", 0.7, 0.7, 0.81),
  row("chosen", 0.8, 0.9, 0.6),
];

test("what is best on categories held out is chosen, whatever it does on the tests", async ({ folder }) => {
  assert.is(chosenOf(ROWS)?.name, "chosen");
  assert.match(
    summaryOf(ROWS),
    /\| \*\*chosen\*\* \| 0\.800 \| 0\.900 \| 1\.000 \| 0\.875 \| 0\.600 ± 0\.000 \| 0\.650 ± 0\.071 \|/,
  );
  const path = join(folder, "README.md");
  const marks = ["<!-- study: written by bench/study/run.ts --readme -->", "<!-- /study -->"];
  await writeFile(path, `before\n${marks.join("\nold\n")}\nafter\n`);
  const facts = { date: "today", commit: "abc" } as Facts;
  await fillStudy(ROWS, facts, path);
  const text = await readFile(path, "utf8");
  assert.match(text, /^before\n<!-- study[\s\S]*<!-- \/study -->\nafter\n$/);
  assert.match(
    text,
    /is "chosen", with 0\.875 there against\n0\.825 of s_p alone[\s\S]*gains -0\.210, -0\.210, -0\.210\./,
  );
  assert.match(text, /- `sorted`: \+0\.010, \+0\.010, \+0\.010; with strangers \+0\.000/);
  assert.not.match(text, /old|good on tests/);
});

test("pairs are kept by content, and an unfinished one is cut off", async ({ folder }) => {
  const contents = ["aa", "bb", "cc"].map((byte) => byte.repeat(32));
  const store = (order: readonly number[]) => ({
    recipe: { id: "one", blocks: [1, 2], patches: [2, 3, 4], embedDim: 5 } as const,
    size: order.length,
    content: (image: number) => contents[order[image]!]!,
  });
  const file = new PairFile(folder, store([0, 1, 2]));
  file.set(0, 2, Float32Array.of(1, 2, 3, 4, 5, 6));
  file.set(1, 0, new Float32Array(6).fill(0.5));
  file.flush();
  const path = join(folder, `pairs-${createHash("sha256").update("one").digest("hex").slice(0, 16)}.bin`);
  const { size } = await stat(path);
  await appendFile(path, Buffer.alloc(70));
  // Other numbers, and an image less.
  const again = new PairFile(folder, store([2, 0]));
  assert.equal([...again.get(1, 0)!], [1, 2, 3, 4, 5, 6]);
  assert.is(again.get(0, 1), undefined);
  assert.is((await stat(path)).size, size);
});

test("strangers stay in their part: of the other piece, and of other groups", () => {
  const categories = ["a-1", "a-2", "b-1", "b-2", "c-1", "d-1"].map(
    (name, category): Stored => ({
      ...{ set: "drawn", name, real: false, group: name[0]!, train: [], candidates: [] },
      test: [0, 1].map((label) => ({ image: 10 * category + label, label: label as 0 | 1, category })),
    }),
  );
  const folds = foldsOf(categories);
  assert.equal(folds, [0, 0, 1, 1, 0, 1]);
  strangersOf(categories).forEach(({ near, far }, i) => {
    const of = (items: typeof near) => items.map(({ image }) => categories[Math.floor(image / 10)]!.name);
    assert.equal(of(near), [["a-2"], ["a-1"], ["b-2"], ["b-1"], [], []][i]);
    assert.equal(of(far), [["c-1"], ["c-1"], ["d-1"], ["d-1"], ["a-1"], ["b-1"]][i]);
    assert.ok(
      [...near, ...far].every(
        ({ image, label, category }) => label === 1 && category === i && image % 10 === 0,
      ),
    );
  });
});

test.run();
