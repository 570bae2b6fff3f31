import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { promptTexts } from "../../src/prompts/prompts.js";

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

test.run();
