import { test } from "uvu";
import * as assert from "uvu/assert";
import { alignTable } from "../../src/output/table.js";

test("words to the left, numbers to the right, no spaces at the end", () => {
  const text = alignTable([
    ["name", "size", "note"],
    ["a", 5, ""],
    ["longer", 1234, "x"],
  ]);
  assert.is(text, "name    size  note\na          5\nlonger  1234  x\n");
});

test("no rows, no text", () => {
  assert.is(alignTable([]), "");
});

test.run();
