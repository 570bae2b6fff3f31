import { readFileSync } from "node:fs";
import { openTokenizer } from "@inctrl/clip";
import { shared, throwsCode } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { contextOrder, contextPrompts } from "../../src/coop/prompt.js";

for (const [position, want] of [
  ["end", [0, -1, -2, -3, 4, 5, 6, 7, 8]],
  ["middle", [0, -1, 4, 5, -2, -3, 6, 7, 8]],
  ["front", [0, 4, 5, -1, -2, -3, 6, 7, 8]],
] as const) {
  test(`${position}: a name of two tokens beside three vectors, and the end token keeps its place`, () => {
    assert.equal(contextOrder({ nameLength: 2 }, 3, position, 9), want);
  });
}

test("texts in CLIP's own vocabulary are the reference's", async () => {
  const [vocabulary, golden] = [
    shared("vocab/bpe_simple_vocab_16e6.txt.gz"),
    shared("golden/baselines-clip/coop.json"),
  ];
  if (!vocabulary || !golden) return;
  const tokenizer = await openTokenizer(vocabulary);
  for (const { context, name, name_len, ids } of JSON.parse(readFileSync(golden, "utf8")).prompts) {
    const [state, ...words] = name.split(" ");
    const made = contextPrompts(tokenizer, words.join("_"), context, 77);
    assert.equal(made[state === "normal" ? 0 : 1], {
      ...{ ids, nameLength: name_len, state: state === "normal" ? 0 : 1 },
    });
  }
  await throwsCode(() => contextPrompts(tokenizer, "nut", 72, 77), "options", /takes 79 tokens.*reads 77/);
});

test.run();
