import { test } from "uvu";
import * as assert from "uvu/assert";
import { ClipError, createTokenizer, learnMerges } from "../../src/index.js";

test("the most frequent pair is merged first, then the most frequent one after that merge", () => {
  // "aab" three times and "ab" twice: a|b</w> 5, a|a 3; then a|ab</w> 3.
  const merges = learnMerges(["aab aab AAB", "ab ab"], 10);
  assert.is(merges, "#version: 0.2\na b</w>\na ab</w>\n");
});

test("equally frequent pairs are merged in the order of their text", () => {
  assert.is(learnMerges(["xy ab"], 1), "#version: 0.2\na b</w>\n");
  assert.is(learnMerges(["ab xy"], 1), "#version: 0.2\na b</w>\n");
});

test("a tokenizer reads the learnt merges, and frequent words are one token", () => {
  const texts = [
    "a photo of a flawless screw.",
    "a photo of a damaged screw.",
    "the screw has a scratch, again.",
  ];
  const tokenizer = createTokenizer(learnMerges(texts, 200));
  for (const text of [...texts, "an über-crew, 42 ☃"]) {
    const words = tokenizer.decode(tokenizer.encode(text)).replaceAll(/\s/g, "");
    assert.is(words, text.replaceAll(/\s/g, ""));
  }
  assert.is(tokenizer.encode("flawless screw").length, 2);
  assert.ok(tokenizer.encode("crew").length > 1);
});

test("texts without a pair of symbols are refused", () => {
  assert.throws(
    () => learnMerges(["a b", "1"], 5),
    (error: unknown) => error instanceof ClipError && error.code === "vocabulary",
  );
});

test.run();
