// The TypeScript blocks of the documents compile against the sources, run, and print what their comments say.
import { rmSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { blockFolder, checkBlocks, extract, runBlocks } from "../docs/blocks.mjs";
import { PACKAGE_READMES, WITH_BLOCKS } from "../docs/pages.mjs";

let folder = "";
let snippets = [];

test.before(() => {
  folder = blockFolder();
  snippets = WITH_BLOCKS.flatMap((page) => extract(page, folder));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test("every README has a block that runs", () => {
  for (const page of ["README.md", ...PACKAGE_READMES])
    assert.ok(
      snippets.some((snippet) => snippet.page === page && snippet.runs),
      `${page} has no block marked "ts run"`,
    );
});

test("blocks compile against the sources", () => {
  assert.is(checkBlocks(snippets, folder), "");
});

test("blocks marked to run print what their comments say, and leave nothing open", async () => {
  assert.equal(await runBlocks(snippets.filter(({ runs }) => runs)), []);
});

test.run();
