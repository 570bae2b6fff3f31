import { createTokenizer } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nameFault } from "../../src/text/class-name.js";

// Two letters a token: "a close-up photo of the nut with defect for visual inspection." has 34.
const letters = "abcdefghijklmnopqrstuvwxyz";
const merges = [...letters].flatMap((a) => [...letters].flatMap((b) => [`${a} ${b}`, `${a} ${b}</w>`]));
const tokenizer = createTokenizer(`#version: 0.2\n${merges.join("\n")}\n`);

const ROWS: [name: string, context: number, says: RegExp | null][] = [
  ["nut", 77, null],
  ["metal_nut", 77, null],
  ["", 77, /^has no words/],
  [" _\t", 77, /^has no words/],
  ["&nbsp;\u0000", 77, /^has no words/],
  ["nut", 24, /which reads 24 tokens: \d+ of 242 prompts are cut/],
  ["nut ".repeat(40), 77, /242 of 242 prompts are cut, .*shorten it by \d+ tokens/],
  ["animal", 14, /2 of 2 prompts are cut, the longest before "/],
];
for (const [name, context, says] of ROWS)
  test(`${JSON.stringify(name)} for ${context} tokens: ${says ?? "no fault"}`, () => {
    const fault = nameFault(tokenizer, name, context);
    if (says === null) assert.is(fault, null);
    else assert.match(fault!.why, says);
    if (fault) assert.is(fault.cuts, /are cut/.test(fault.why));
  });

test("a name is good as long as every prompt fits, and names the first words that do not", () => {
  let context = 77;
  while (nameFault(tokenizer, "nut", context - 1) === null) context--;
  assert.match(nameFault(tokenizer, "nut", context - 1)!.why, /before "\.".*by 1 tokens/);
});

test.run();
