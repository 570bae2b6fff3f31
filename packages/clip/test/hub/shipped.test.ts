import { readFile, stat } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  openTokenizer,
  openWeights,
  parseConfig,
  requireKeys,
  resolveModel,
  shippedModel,
} from "../../src/index.js";

test("nano needs no download: weights of at most 6 MB that fit its configuration", async () => {
  const { weights: path, config: configFile } = await resolveModel("nano", "/no/such/cache");
  assert.ok((await stat(path)).size <= 6e6);
  const weights = await openWeights(path);
  const config = parseConfig(await readFile(configFile!, "utf8"));
  requireKeys(weights, config, { parts: "clip" });
  await weights.close();
  assert.is(await shippedModel("nanometre"), null);
});

test("its own vocabulary has as many tokens as the model", async () => {
  const { config: configFile, vocabulary } = (await shippedModel("Nano"))!;
  const { text } = parseConfig(await readFile(configFile!, "utf8"));
  const tokenizer = await openTokenizer(vocabulary!, { vocabSize: text!.vocabSize });
  assert.is(tokenizer.vocabSize, text!.vocabSize);
});

test.run();
