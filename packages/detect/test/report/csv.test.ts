import { test } from "uvu";
import * as assert from "uvu/assert";
import { csvLine } from "../../src/report/csv.js";

test("commas, quotes, line breaks and outer spaces are quoted, and null is empty", () => {
  assert.is(csvLine(["plain", 'a"b', null, 1.5]), 'plain,"a""b",,1.5\n');
  assert.is(csvLine(["a,b", "two\nlines", " padded"]), '"a,b","two\nlines"," padded"\n');
});

test("no text is taken for a formula, and numbers stay numbers", () => {
  for (const [cell, want] of [
    ["=1+1.png", "'=1+1.png"],
    ["+x", "'+x"],
    ["-x", "'-x"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", '"\'\t=1"'],
    ["\r=1", '"\'\r=1"'],
    ["\uff1d1", "'\uff1d1"],
    ['=HYPERLINK("x",1)', '"\'=HYPERLINK(""x"",1)"'],
    ["a=b", "a=b"],
    ["-1.5", "-1.5"],
    ["+2", "+2"],
    ["-1.5.png", "'-1.5.png"],
    [-1.5, "-1.5"],
    ["caf\udce9.png", "caf\\udce9.png"],
    ["\u{1f600}.png", "\u{1f600}.png"],
  ] as const) {
    assert.is(csvLine([cell]), `${want}\n`);
  }
});

test("numbers have nine digits, which tell each float32 from the next", () => {
  for (const value of Float32Array.from({ length: 100 }, (_, i) => Math.sin(i) / (i + 1) ** 3)) {
    assert.is(Math.fround(Number(csvLine([value]))), value);
  }
});

test.run();
