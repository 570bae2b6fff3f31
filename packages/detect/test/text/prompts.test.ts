import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openTokenizer, parseConfig, shippedModel } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { promptTexts } from "../../src/text/prompts.js";

const golden = new URL("../../../../../shared/golden/prompts.json", import.meta.url);
const sha256 = (texts: string[]) => createHash("sha256").update(texts.join("\n")).digest("hex");

test("ensembles have the golden checksums", () => {
  if (!existsSync(golden)) return console.log("skipped: ../shared absent");
  const { checksums, special_classes } = JSON.parse(readFileSync(golden, "utf8"));
  const classes: [string, { normal_sha256: string; anomaly_sha256: string }][] = Object.entries(
    checksums.classes,
  );
  assert.ok(classes.length >= 9);
  for (const [name, sums] of classes) {
    const { normal, anomaly } = promptTexts(name);
    assert.equal([sha256(normal), sha256(anomaly)], [sums.normal_sha256, sums.anomaly_sha256], name);
  }
  for (const name of special_classes as string[]) {
    const { normal, anomaly } = promptTexts(name);
    assert.equal(normal, [`a photo of ${name} for anomaly detection.`]);
    assert.equal(anomaly, [`a photo without ${name} for anomaly detection.`]);
  }
});

test("counts, order, underscores, and names that look like patterns", () => {
  const { normal, anomaly } = promptTexts("metal_nut");
  assert.equal([normal.length, anomaly.length], [154, 88]);
  assert.is(normal[0], "a cropped photo of the metal nut.");
  assert.is(normal[22], "a cropped photo of the flawless metal nut.");
  assert.is(anomaly.at(-1), "a photo of the metal nut with damage for anomaly detection.");
  assert.is(promptTexts("$& {}").normal[0], "a cropped photo of the $& {}.");
  assert.is(promptTexts("Cat").normal.length, 154);
});

test("their tokens have the golden checksums", async () => {
  const vocabulary = new URL("../../../../../shared/vocab/bpe_simple_vocab_16e6.txt.gz", import.meta.url);
  if (!existsSync(golden) || !existsSync(vocabulary)) return console.log("skipped: ../shared absent");
  const tokenizer = await openTokenizer(fileURLToPath(vocabulary));
  const classes: Record<string, { token_sha256: string; max_len: number }> = JSON.parse(
    readFileSync(golden, "utf8"),
  ).checksums.classes;
  for (const [name, sums] of Object.entries(classes)) {
    const { normal, anomaly } = promptTexts(name);
    const lists = [...normal, ...anomaly].map((text) => [49406, ...tokenizer.encode(text), 49407]);
    assert.is(createHash("sha256").update(JSON.stringify(lists)).digest("hex"), sums.token_sha256, name);
    assert.is(Math.max(...lists.map((ids) => ids.length)), sums.max_len, name);
  }
});

test("they fit the context of the shipped backbone", async () => {
  const { config, vocabulary } = (await shippedModel("nano"))!;
  const { text } = parseConfig(readFileSync(config!, "utf8"));
  const tokenizer = await openTokenizer(vocabulary!, { vocabSize: text!.vocabSize });
  for (const name of ["metal_nut", "printed circuit board", "digit 7", "solar cell"]) {
    const { normal, anomaly } = promptTexts(name);
    for (const prompt of [...normal, ...anomaly]) {
      assert.ok(tokenizer.encode(prompt).length <= text!.contextLength - 2, prompt);
    }
  }
});

test("other ensembles: anomalib's has one template twice and two fewer, and a pair is one text each", () => {
  const { normal, anomaly } = promptTexts("metal_nut", "anomalib");
  assert.equal([normal.length, anomaly.length], [7 * 21, 4 * 21]);
  assert.is(normal.filter((text) => text === "a jpeg corrupted photo of the metal_nut.").length, 2);
  assert.not.ok(normal.some((text) => /^a (cropped|jpeg corrupted) photo of a /.test(text)));
  assert.equal(promptTexts("metal_nut", "pair"), {
    normal: ["normal metal nut"],
    anomaly: ["anomalous metal nut"],
  });
});

test.run();
