import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { folderTests, throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { readFacts } from "../../src/parity/facts.js";
import { finite, listOf, mapOf, text } from "../../src/shape.js";

const test = folderTests("facts");

const CHECK = { name: text, rates: mapOf(listOf(finite)) };

/** Facts as they are read from a file of some text. */
function read(folder: string, content: string): Promise<unknown> {
  const path = join(folder, "facts.json");
  writeFileSync(path, content);
  return readFacts(path, CHECK);
}

test("facts of the form that is asked for are given, with what else is there", async ({ dir }) => {
  const facts = { name: "a", rates: { 1: [0.5], 2: [] }, note: null };
  assert.equal(await read(dir, JSON.stringify(facts)), facts);
});

test("what is no JSON, nests too deep or has another form is refused with the file's name", async ({
  dir,
}) => {
  const wrong = [
    "",
    '{"name": "a", "rates": {"1": [0.5]',
    `{"name": "a", "rates": {}, "more": ${"[".repeat(101)}${"]".repeat(101)}}`,
    "null",
    "[]",
    '{"rates": {}}',
    '{"name": "a", "rates": {"1": 0.5}}',
    '{"name": "a", "rates": [[1]]}',
    '{"name": "a", "rates": {"1": [1e999]}}',
  ];
  for (const content of wrong)
    await throwsCode(() => read(dir, content), "parity", /facts\.json: .*reference values/);
  await throwsCode(() => readFacts(join(dir, "none.json"), CHECK), "not-found", /none\.json/);
});

test.run();
