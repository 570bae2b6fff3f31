import { test } from "uvu";
import * as assert from "uvu/assert";
import { alignTable } from "../../src/output/table.js";

test("text is aligned left and numbers right, without trailing spaces", () => {
  const text = alignTable([
    ["name", "size", "note"],
    ["a", 5, ""],
    ["longer", 1234, "x"],
  ]);
  assert.is(text, "name    size  note\na          5\nlonger  1234  x\n");
});

test("no rows make no text", () => {
  assert.is(alignTable([]), "");
});

test.run();
