import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cacheDir } from "../../src/hub/cache.js";
import { HubError } from "../../src/hub/errors.js";
import { resolveModel } from "../../src/hub/resolve.js";

let folder = "";
const E31 = "vit_b_16_plus_240-laion400m_e31-8fb26589.pt";
const VOCABULARY = "bpe_simple_vocab_16e6.txt.gz";

test.before.each(() => {
  folder = mkdtempSync(path.join(tmpdir(), "inctrl-resolve-"));
  mkdirSync(path.join(folder, "models"));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string): string => {
  const file = path.join(folder, "models", name);
  writeFileSync(file, "x");
  return file;
};

async function refusal(name: string): Promise<[string, string]> {
  try {
    await resolveModel(name, folder);
  } catch (error) {
    assert.instance(error, HubError);
    return [(error as HubError).code, (error as HubError).message];
  }
  throw new Error("it should have been refused");
}

test("a path to an existing file is used as it is", async () => {
  const file = put("mine.safetensors");
  assert.equal(await resolveModel(file, folder), { weights: file });
  const vocabulary = put(VOCABULARY);
  assert.equal(await resolveModel(file, folder), { weights: file, vocabulary });
});

test("a downloaded model is found by its name and by its configuration's", async () => {
  const expected = { weights: put(E31), config: "ViT-B-16-plus-240", vocabulary: put(VOCABULARY) };
  assert.equal(await resolveModel("vit-b-16-plus-240-laion400m-e31", folder), expected);
  assert.equal(await resolveModel("ViT-B-16-plus-240", folder), expected);
});

test("a known model that is not downloaded is refused with the command that downloads it", async () => {
  const [code, message] = await refusal("ViT-B-16-plus-240");
  assert.is(code, "not-pulled");
  assert.match(message, "inctrl models pull vit-b-16-plus-240-laion400m-e32");
  put(E31);
  assert.is((await refusal("vit-b-16-plus-240-laion400m-e32"))[0], "not-pulled");
});

test("a missing path and an unknown name are different errors", async () => {
  assert.equal(await refusal("weights/none.pt"), [
    "not-found",
    "weights/none.pt: no such file; check the path",
  ]);
  assert.is((await refusal("none.safetensors"))[0], "not-found");
  assert.is((await refusal("vit-z-99"))[0], "unknown-model");
});

test("the cache folder follows INCTRL_CACHE, then the platform", () => {
  const home = path.resolve("/home/u");
  assert.is(cacheDir({ INCTRL_CACHE: "/data/c", XDG_CACHE_HOME: "/x" }, "linux"), path.resolve("/data/c"));
  assert.is(cacheDir({ XDG_CACHE_HOME: "/x", HOME: home }, "linux"), path.join("/x", "inctrl"));
  assert.is(
    cacheDir({ XDG_CACHE_HOME: "relative", HOME: home }, "linux"),
    path.join(home, ".cache", "inctrl"),
  );
  assert.is(cacheDir({ HOME: home }, "darwin"), path.join(home, "Library", "Caches", "inctrl"));
  assert.is(cacheDir({ LOCALAPPDATA: "/local" }, "win32"), path.join("/local", "inctrl", "Cache"));
});

test("a folder means the weights in it", async () => {
  const model = path.join(folder, "hf");
  mkdirSync(model);
  const [code, message] = await refusal(model);
  assert.is(code, "not-found");
  assert.match(message, /a folder without model\.safetensors, .*name its weights file/);
  for (const name of ["pytorch_model.bin", "model.safetensors"]) {
    writeFileSync(path.join(model, name), "");
    assert.is((await resolveModel(model, folder)).weights, path.join(model, name));
  }
});

test.run();
