import { test } from "uvu";
import * as assert from "uvu/assert";
import { csvLine } from "../../src/report/csv.js";

test("commas, quotes, line breaks and outer spaces are quoted, and null is empty", () => {
  assert.is(csvLine(["plain", 'a"b', null, 1.5]), 'plain,"a""b",,1.5\n');
  assert.is(csvLine(["a,b", "two\nlines", " padded"]), '"a,b","two\nlines"," padded"\n');
});

test("numbers have nine digits, which tell each float32 from the next", () => {
  for (const value of Float32Array.from({ length: 100 }, (_, i) => Math.sin(i) / (i + 1) ** 3)) {
    assert.is(Math.fround(Number(csvLine([value]))), value);
  }
});

test.run();
