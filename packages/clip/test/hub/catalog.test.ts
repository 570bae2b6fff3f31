import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findConfig } from "../../src/config/registry.js";
import { HUB_MODELS, VOCABULARY_DOWNLOAD } from "../../src/hub/catalog.js";
import { sha256Of } from "../../src/hub/download.js";
import { findHubModel } from "../../src/hub/pull.js";

const files = HUB_MODELS.flatMap((model) => model.files);

test("names and places are unique, and one place holds one file", () => {
  const names = HUB_MODELS.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z0-9-]+$/);
  const places = new Map(files.map((file) => [file.saveAs, file.url]));
  for (const { saveAs, url } of files) {
    assert.is(places.get(saveAs), url);
    assert.is(path.basename(saveAs), saveAs);
  }
});

test("every file comes by https with a sum to check and a bound", () => {
  for (const { url, sha256, maxBytes, bytes = 0 } of files) {
    assert.match(url, /^https:\/\//);
    assert.match(sha256, /^(from-hub|[0-9a-f]{8}|[0-9a-f]{64})$/);
    assert.ok(maxBytes > bytes && maxBytes < 5e9);
  }
});

test("a sum that is in the file name is the one that is checked", () => {
  const plus = findHubModel("ViT_B_16_plus_240_laion400m_e32").files[0];
  assert.is(plus.sha256, "699c4b84");
  assert.match(plus.url, /v0\.2-weights\/vit_b_16_plus_240-laion400m_e32-699c4b84\.pt$/);
  assert.is(findHubModel("vit-b-16-plus-240-laion400m-e31").files[0].sha256, "8fb26589");
});

test("every entry names a known configuration, and has a vocabulary if that has a text tower", () => {
  for (const { config, network, files } of HUB_MODELS) {
    const roles = !network && findConfig(config!).text ? ["weights", "vocabulary"] : ["weights"];
    assert.equal(
      files.map(({ role }) => role),
      roles,
      config ?? network,
    );
  }
});

test("the vocabulary's sum is that of the published file", async () => {
  const vocab = fileURLToPath(
    new URL("../../../../../shared/vocab/bpe_simple_vocab_16e6.txt.gz", import.meta.url),
  );
  if (!existsSync(vocab)) return console.log("skipped: ../shared/vocab is absent");
  assert.is(await sha256Of(vocab), VOCABULARY_DOWNLOAD.files[0].sha256);
});

test.run();
