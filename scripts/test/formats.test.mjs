import { test } from "uvu";
import * as assert from "uvu/assert";
import { formatsPage } from "../docs/formats.mjs";
import { read } from "../workspace.mjs";

test("the tables of formats are up to date", async () => {
  assert.is(read("docs/formats.md"), await formatsPage(), "run npm run docs:formats");
});

test.run();
