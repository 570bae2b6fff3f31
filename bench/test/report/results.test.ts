import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import type { Row } from "../../src/case.js";
import { fillDocs, highlights } from "../../src/report/docs.js";
import { allResults, type Results, readResults, resultsName, saveResults } from "../../src/report/results.js";

const test = folderTests("saved results");

const common = { case: "gemm", size: "8 x 9 x 10", minMs: 1, spread: 0.05, runs: 9, unit: "GFLOP/s" };
const rows: Row[] = [
  { ...common, subject: "ours", medianMs: 2, rate: 40.04, ofCeiling: 0.61 },
  { ...common, subject: "tfjs", medianMs: 16, rate: 5, oursOver: 8.01 },
  {
    ...common,
    ...{ subject: "jax-js", medianMs: null, minMs: null, spread: null, runs: 0, rate: null },
    failed: "wrong: value 1 | 2",
  },
];
const machine = { processor: "A CPU", cores: 2, memoryGB: 8, system: "Linux 6", adapter: "an adapter" };
const results: Results = {
  gemm: { date: "2000-01-02", commit: "abc1234", versions: { node: "20.9.0" }, machine, rows },
};

test("saved results are read back, and written as a page", async ({ dir }) => {
  assert.is(await readResults("an-adapter", dir), null);
  const page = await readFile(await saveResults("an-adapter", results, dir), "utf8");
  assert.equal(await readResults("an-adapter", dir), results);
  assert.match(page, "A CPU, 2 cores, 8 GB, Linux 6; an adapter; node 20.9.0; 2000-01-02, commit abc1234.");
  const cells = (line: string) => line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  const lines = page
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map(cells);
  const headings = ["size", "subject", "median", "rate", "spread", "ours is faster", "of the ceiling", ""];
  assert.equal(lines[0].slice(1, -1), headings);
  assert.equal(lines[2].slice(1, -1), ["8 x 9 x 10", "ours", "2.00 ms", "40.0 GFLOP/s", "5%", "", "61%", ""]);
  assert.equal(lines[3].slice(2, -1), ["tfjs", "16.0 ms", "5.00 GFLOP/s", "5%", "8.01 x", "", ""]);
  assert.equal(lines[4].slice(2, -1), ["jax-js", "failed", "", "", "", "", "wrong: value 1 \\| 2"]);
});

test("the documents change between their marks only", async ({ dir }) => {
  const path = join(dir, "numbers.md");
  const readme = join(dir, "README.md");
  const [begin, end] = ["<!-- bench: written by npm run bench -- --docs -->", "<!-- /bench -->"];
  for (const page of [path, readme]) await writeFile(page, `before\n${begin}\nold\n${end}\nafter\n`);
  const pages = { numbers: path, readme };
  await fillDocs([results], pages);
  const text = await readFile(path, "utf8");
  await fillDocs([results], pages);
  assert.is(await readFile(path, "utf8"), text);
  assert.is(await readFile(readme, "utf8"), `before\n${begin}\n${end}\nafter\n`);
  assert.ok(
    text.startsWith(`before\n${begin}\n`) && text.endsWith(`${end}\nafter\n`) && !text.includes("old"),
  );
  assert.match(text, /\| gemm, 8 x 9 x 10 \| 8\.01 x \| 61% +\|/);
  await writeFile(path, "no marks");
  let message = "";
  await fillDocs([results], pages).catch((error) => {
    message = error.message;
  });
  assert.match(message, "has no");
});

test("processors of one adapter have tables of their own, beside other studies' files", async ({ dir }) => {
  const names = ["AVX2", "AVX-512"].map((instructions) =>
    resultsName("AMD EPYC", instructions, "llvmpipe (256 bits)"),
  );
  assert.equal(names, ["amd-epyc-avx2-llvmpipe-256-bits", "amd-epyc-avx-512-llvmpipe-256-bits"]);
  const second = { gemm: { ...results.gemm, machine: { ...machine, instructions: "AVX2" }, others: 0.34 } };
  await saveResults(names[1], results, dir);
  const page = await readFile(await saveResults(names[0], second, dir), "utf8");
  assert.match(page, /A CPU with AVX2, .* UNDER LOAD: other work took 34% of the processor's time\./);
  await writeFile(join(dir, "radv.json"), JSON.stringify({ rows: [], machine: null }));
  assert.equal(await allResults(dir), [results, second]);
});

test("a highlight is a line with ratio, adapter and commit", () => {
  const row = { ...rows[1], case: "nearest", size: "K = 4", oursOver: 25.6 };
  const nearest = { ...results.gemm, rows: [row] };
  const text = highlights([{ nearest }]);
  assert.match(
    text,
    /25\.6 times as fast as tfjs\*\* on an adapter, 2 cores of A CPU\n.*--only nearest`.*commit abc1234/,
  );
  const machine = { ...nearest.machine, instructions: "AVX2" };
  const second = { ...nearest, commit: "def5678", machine, rows: [{ ...row, oursOver: 7 }] };
  assert.match(
    highlights([{ nearest }, { nearest: second }]),
    /25\.6 times .* 2 cores of A CPU, \*\*7\.00\*\* on an adapter, 2 cores of A CPU with AVX2\n.*abc1234; .*def5678/,
  );
  const marked = { ...second, others: 0.5 };
  assert.is(highlights([{ nearest }, { nearest: marked }]), text);
});

test.run();
