import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { openSafetensors } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ClipError } from "../../src/errors.js";
import { cleanText } from "../../src/tokenizer/clean.js";
import { createTokenizer, openTokenizer, usedLength } from "../../src/tokenizer/tokenizer.js";

const shared = fileURLToPath(new URL("../../../../../shared/", import.meta.url));
const vocabulary = `${shared}vocab/bpe_simple_vocab_16e6.txt.gz`;
const json = (name: string) => JSON.parse(readFileSync(`${shared}golden/${name}`, "utf8"));

const small = "#version: 0.2\nc a\nca t</w>\nt h\nth e</w>\n";

test("the golden ids of CLIP's vocabulary", async () => {
  if (!existsSync(vocabulary)) return console.log("skipped: ../shared/vocab absent");
  const tokenizer = await openTokenizer(vocabulary);
  assert.equal([tokenizer.vocabSize, tokenizer.startOfText, tokenizer.endOfText], [49408, 49406, 49407]);
  const cases: { text: string; ids: number[] }[] = json("tokenizer.json");
  for (const [text, ids] of Object.entries(json("prompts.json").token_id_vectors as Record<string, number[]>))
    cases.push({ text, ids });
  for (const { text, ids } of cases) {
    const row = [...tokenizer.tokenize([text])];
    assert.is(row.length, 77);
    assert.equal(row.slice(0, ids.length), ids, text);
    assert.ok(
      row.slice(ids.length).every((id) => id === 0),
      text,
    );
  }
  assert.is(tokenizer.decode(tokenizer.tokenize(["a photo of a cat."])), "a photo of a cat .");
  assert.is(tokenizer.decode(tokenizer.encode("日本語 🙂 café")), "日本語 🙂 café");
  const four = tokenizer.tokenize(["a b c d e f", "a"], 4);
  assert.equal([...four], [49406, 320, 321, 49407, 49406, 320, 49407, 0]);
});

test("a shorter vocabulary uses the first merges: the ids inside the golden forward pass", async () => {
  if (!existsSync(vocabulary)) return console.log("skipped: ../shared/vocab absent");
  const tokenizer = await openTokenizer(vocabulary, { vocabSize: 600 });
  assert.equal([tokenizer.vocabSize, tokenizer.endOfText], [600, 599]);
  const forward = await openSafetensors(`${shared}golden/tiny/forward.safetensors`);
  const ids = await forward.readFloat32("normal_ids");
  assert.ok(ids.every((id) => id < 600));
  await forward.close();
  assert.is(tokenizer.decode(tokenizer.encode("damaged metal nut")), "damaged metal nut");
});

test("merges apply in rank order, words end with </w>, unknown bytes stay bytes", () => {
  const tokenizer = createTokenizer(small, { vocabSize: 518 });
  // Merges take ids from 512: "ca", "cat</w>", "th", "the</w>"; "!" is token 0.
  assert.equal(tokenizer.encode("cat the"), [513, 515]);
  assert.equal(tokenizer.encode("CAT"), [513]);
  assert.equal(tokenizer.encode("ca"), [66, 256 + 64]);
  assert.equal(tokenizer.encode("!"), [256]);
  assert.equal([tokenizer.startOfText, tokenizer.endOfText], [516, 517]);
  assert.equal(tokenizer.encode("<end_of_text>"), [517]);
  assert.equal(createTokenizer(small.replace("#version: 0.2\n", "")).encode("cat"), [513]);
  assert.equal(createTokenizer(small.replaceAll("\n", "\r\n")).encode("cat"), [513]);
  assert.equal(createTokenizer(small, { vocabSize: 514 }).encode("cat").length, 3);
  for (const text of ["ß — \u{1f642} x", "a\u0000b", "日本", "don't"])
    assert.is(
      tokenizer.decode(tokenizer.encode(text)).replaceAll(" ", ""),
      cleanText(text).replaceAll(" ", ""),
      text,
    );
});

test("truncation keeps the end mark; the used length follows the longest text", () => {
  const tokenizer = createTokenizer(small);
  const rows = tokenizer.tokenize(["the cat the cat", "cat", ""], 5);
  assert.equal([...rows], [516, 515, 513, 515, 517, 516, 513, 517, 0, 0, 516, 517, 0, 0, 0]);
  assert.is(usedLength(rows, 5), 5);
  assert.is(usedLength(rows.subarray(5), 5), 3);
  assert.is(usedLength(tokenizer.tokenize(["! ! !"], 9), 9), 5);
  assert.throws(() => tokenizer.tokenize(["x"], 1), /context length/);
});

test("text is repaired, unescaped twice, squeezed and lowered", () => {
  const cases = {
    "  A\t\nB\u3000C  ": "a b c",
    "&amp;lt;b&amp;gt; &eacute;": "<b> é",
    "\u201cdon\u2019t\u201d": '"don\'t"',
    "ﬁne ﬂaw Ｆｕｌｌ": "fine flaw full",
    "e\u0301": "é",
    "\x1b[31mred\x1b[0m\ufeff\x00": "red",
    ΑΣ: "ας",
  };
  for (const [text, want] of Object.entries(cases)) assert.is(cleanText(text), want);
});

// Made with ftfy 6.3.1 and Python 3.11: html.unescape(html.unescape(ftfy.fix_text(text))), as CLIP's own tokenizer cleans.
const REPAIRED: [text: string, want: string][] = [
  ["&ldquo;don&rsquo;t&rdquo; &#8220;x&#x94;", '"don\'t" "x"'],
  ["&ffilig; &fflig; &#xfb03; &fjlig;", "ffi ff ffi fj"],
  ["&amp;ldquo;x&amp;rdquo; &#38;ldquo;", '"x" "'],
  ["&lt;b&gt; &ldquo;q&rdquo;", '<b> "q"'],
  ["<b> &ldquo;q&rdquo;", "<b> \u201cq\u201d"],
  ["&ldquo;q&rdquo;\n<b> &rdquo;\n&rdquo;", '"q" <b> \u201d \u201d'],
  ["\x93bolt\x94 \x85 \x96 nut\x92s \xa1\x80", '"bolt" \u2026 \u2013 nut\'s \xa1\u20ac'],
  ["C\u0085D sch\xf6n\x85", "c\u2026d sch\xf6n\u2026"],
  ["\x81x\x8d", "\x81x\x8d"],
  ["&#133;&#x80;5 &#1;&#x1c;&#xFFFF;&#127;a", "\u2026\u20ac5 a"],
  ["&#xD800;&#x110000;&#0;&#99999999999;", "\ufffd\ufffd\ufffd\ufffd"],
  ["&eacute &copyb &notit; &NTILDE; &LAQUO; &AMP;lt; &COPY &#65", "\xe9 \xa9b \xacit; \xf1 \xab < \xa9 a"],
  ["&amp;amp;amp;amp;lt; < &amp;amp;amp;lt;", "&amp;amp;lt; < &amp;lt;"],
  ["\ufb05op \u0149 \ufb06 \u0133 \u01c6", "\u017ftop 'n st ij d\u017e"],
  ["\uff21\uff06\uff4c\uff54\uff1bb e&#x301;", "a<b \xe9"],
  ["&nbsp;a&nbsp; b\u2028c\r\nd\re &quot;&apos;", "a b c d e \"'"],
  ["&; & &#; &#x; &lt &gt &unknown;", "&; & &#; &#x; < > &unknown;"],
  ["\u0130I 2\xbd a\u200bb\xadc", "i\u0307i 2\xbd a\u200bb\xadc"],
];
for (const [text, want] of REPAIRED)
  test(`${JSON.stringify(text)} is cleaned as by the reference`, () => assert.is(cleanText(text), want));

test("files that are no vocabulary are refused", async () => {
  const refused = (text: string, says: string, vocabSize?: number) => {
    try {
      createTokenizer(text, { label: "v.txt", ...(vocabSize !== undefined && { vocabSize }) });
    } catch (error) {
      assert.instance(error, ClipError);
      assert.is((error as ClipError).code, "vocabulary");
      assert.match((error as Error).message, says);
      assert.not.match((error as Error).message, "\n");
      return;
    }
    assert.unreachable(says);
  };
  refused("", "no merges");
  refused("Dear reader,\nthis is a letter.", "line 1 is no merge");
  refused("c a\nxx yy\n", "line 2 is no merge");
  refused("c a t\n", "line 1");
  refused('{"json": 1}', "line 1");
  refused(`c ${"a".repeat(1000)}`, "line 1");
  refused(small, "holds 4 merges, but the model's 600 tokens need 86", 600);
  refused(small, "at least 514", 100);
  refused(small, "at least 514", Number.NaN);

  const folder = await mkdtemp(join(tmpdir(), "inctrl-vocabulary-"));
  const refusedFile = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(folder, name), bytes);
    await openTokenizer(join(folder, name)).then(
      () => assert.unreachable(name),
      (error) => assert.is(error.code, "vocabulary", error.message),
    );
  };
  await refusedFile("bomb.gz", gzipSync(new Uint8Array(70_000_000)));
  await refusedFile("cut.gz", gzipSync(small).subarray(0, 20));
  await refusedFile(
    "binary",
    Uint8Array.from({ length: 1000 }, (_, i) => i * 7),
  );
  await rm(folder, { recursive: true });
  await openTokenizer(folder).then(
    () => assert.unreachable(),
    (error) => assert.is(error.code, "vocabulary"),
  );
});

test("text beyond the limit is refused, and long text is fast", () => {
  const tokenizer = createTokenizer(small);
  assert.throws(() => tokenizer.encode("x".repeat(10_001)), /at most 10000/);
  assert.is(tokenizer.encode("x".repeat(10_000)).length, 10_000);
  assert.throws(() => tokenizer.decode([99_999]), /vocabulary ends/);
});

test.run();
