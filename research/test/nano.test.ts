import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fillCard, headline } from "../nano/card.js";
import { openMeasured, SETS } from "../nano/sets.js";
import { type Cell, meanOfNetworks, table } from "../nano/table.js";

const cell = (set: string, scoring: string, shots: number, mean: number | null): Cell => ({
  ...{ set, scoring, shots, real: set !== "drawn", pixel: null },
  auroc: mean === null ? null : { mean, deviation: 0.01 },
});

test("the table has a row for each set and K, and the mean of the real sets that every scoring has a figure for", () => {
  const cells = [
    ...[cell("drawn", "a", 2, 0.9), cell("drawn", "a", 4, 0.95)],
    ...[cell("ELPV", "a", 2, 0.6), cell("ELPV", "a", 4, 0.7)],
    ...[cell("screw", "a", 2, 0.7), cell("screw", "a", 4, null)],
    ...[cell("ELPV", "once", 2, 0.5), cell("screw", "once", 2, 0.4)],
  ];
  const rows = table(cells, ["a", "once"]).split("\n");
  assert.ok(rows.includes("| drawn | 4 | 0.950 ± 0.010 |  |"));
  assert.ok(
    rows.includes("| ELPV | 4 | 0.700 ± 0.010 | 0.500 ± 0.010 |"),
    "a scoring without prompts is repeated at every K",
  );
  assert.ok(rows.includes("| **mean of the real sets** | 2 | 0.650 | 0.450 |"));
  assert.ok(rows.includes("| **mean of the real sets** but screw | 4 | 0.700 | 0.500 |"));
});

test("several networks become their mean and its deviation", () => {
  const [one, two] = [[cell("ELPV", "a", 2, 0.6)], [cell("ELPV", "a", 2, 0.8)]];
  assert.equal(meanOfNetworks([one]), one);
  const [both] = meanOfNetworks([one, two]);
  assert.ok(Math.abs(both.auroc!.mean - 0.7) < 1e-12);
  assert.ok(Math.abs(both.auroc!.deviation! - Math.SQRT1_2 / 5) < 1e-12);
});

test("a drawn set opens with the wanted categories, thinned", async () => {
  const set = SETS.find(({ name }) => name === "held-out families (free camera)")!;
  const { categories } = await openMeasured({ ...set, most: 6, categories: ["coin-1", "key-2"] }, "");
  assert.equal(
    categories.map(({ name, test: { length } }) => [name, length]),
    [
      ["coin-1", 6],
      ["key-2", 6],
    ],
  );
  assert.is(new Set(SETS.map(({ name }) => name)).size, SETS.length);
});

test("filling the card changes only the text between its marks", async () => {
  const folder = await mkdtemp(join(tmpdir(), "inctrl-nano-"));
  const path = join(folder, "card.md");
  const [begin, end] = ["<!-- measured: written by research/nano/main.ts -->", "<!-- /measured -->"];
  await writeFile(path, `before\n${begin}\nold\n${end}\nafter\n`);
  await fillCard("| new |", path);
  assert.is(await readFile(path, "utf8"), `before\n${begin}\n\n| new |\n${end}\nafter\n`);
  await rm(folder, { recursive: true });
});

test("the README's line has the mean of the real sets at K = 4", () => {
  const card = `| set | K | nano | residual of DeiT-Tiny |
| --- | --- | --- | --- |
| **mean of the real sets** | 2 | 0.1 | 0.2 |
| **mean of the real sets** | 4 | 0.645 | 0.743 |`;
  assert.match(headline(card), /AUROC 0\.645 with `nano`, 0\.743 with DeiT-Tiny/);
});

test.run();
