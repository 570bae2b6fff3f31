import { existsSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../src/config/parse.js";
import { findConfig, listConfigs } from "../../src/config/registry.js";
import { defaultOutBlocks, gridSize } from "../../src/config/types.js";
import { ClipError } from "../../src/errors.js";
import { clipParameters, parameterCount } from "../../src/model/clip.js";

const shared = new URL("../../../../../shared/", import.meta.url);

const tiny = () => ({
  embed_dim: 32,
  quick_gelu: false,
  vision_cfg: { image_size: 64, layers: 4, width: 64, head_width: 32, patch_size: 16 },
  text_cfg: { context_length: 24, vocab_size: 600, width: 32, heads: 2, layers: 2 },
});

function refused(json: unknown, says: string | RegExp): void {
  try {
    parseConfig(json);
  } catch (error) {
    assert.instance(error, ClipError);
    assert.is((error as ClipError).code, "config");
    assert.match((error as Error).message, says);
    return;
  }
  assert.unreachable(`should have been refused: ${says}`);
}

test("parameter counts are the published ones", () => {
  const published = {
    "ViT-B-32": 151_277_313,
    "ViT-B-16": 149_620_737,
    "ViT-B-16-plus-240": 208_377_345,
    "ViT-L-14": 427_616_513,
    "ViT-L-14-336": 427_944_193,
    "ViT-H-14": 986_109_441,
    // timm's counts less the 1000-class head, which is not ours.
    deit_tiny_patch16_224: 5_717_416 - 193_000,
    deit_small_patch16_224: 22_050_664 - 385_000,
    vit_base_patch16_224: 86_567_656 - 769_000,
  };
  for (const [name, count] of Object.entries(published))
    assert.is(parameterCount(findConfig(name)), count, name);
});

test("ViT-B-16-plus-240 has the sizes of the paper", () => {
  const { vision, text, ...rest } = findConfig("ViT-B-16-plus-240");
  assert.is(gridSize(vision), 15);
  assert.equal(
    [vision.width, vision.layers, vision.heads, vision.mlpWidth, vision.lnEps],
    [896, 12, 14, 3584, 1e-5],
  );
  assert.equal(
    [text?.width, text?.layers, text?.heads, text?.contextLength, text?.vocabSize],
    [640, 12, 10, 77, 49408],
  );
  assert.equal([rest.embedDim, rest.activation, rest.outBlocks], [640, "gelu", [7, 9, 11]]);
  assert.is(clipParameters(findConfig("ViT-B-16-plus-240")).size, 302);
});

test("the scale of text scores is optional and must be above 0", () => {
  assert.is(parseConfig(tiny()).text?.logitScale, undefined);
  const scaled = (logit_scale: unknown) => ({ ...tiny(), text_cfg: { ...tiny().text_cfg, logit_scale } });
  assert.is(parseConfig(scaled(14.6)).text?.logitScale, 14.6);
  for (const bad of [0, -1, "14", 1e9])
    refused(scaled(bad), /text_cfg\.logit_scale: .*above 0, at most 1000/);
});

test("models differ in head widths, activations and normalisation", () => {
  assert.is(findConfig("ViT-H-14").vision.heads, 16);
  assert.is(findConfig("ViT-B-32-quickgelu").activation, "quick_gelu");
  assert.is(findConfig("deit_tiny_patch16_224").vision.heads, 3);
  assert.is(findConfig("deit_tiny_patch16_224").vision.lnEps, 1e-6);
  assert.equal(findConfig("vit_tiny_patch16_224").preprocess.mean, [0.5, 0.5, 0.5]);
  assert.equal(findConfig("deit_tiny_patch16_224").preprocess.mean, [0.485, 0.456, 0.406]);
});

test("names are found whatever their punctuation, and unknown ones get suggestions", () => {
  assert.is(findConfig("vit_b_16_plus_240").name, "ViT-B-16-plus-240");
  assert.is(new Set(listConfigs().map(({ name }) => name)).size, listConfigs().length);
  try {
    findConfig("ViT-B-33");
    assert.unreachable();
  } catch (error) {
    assert.is((error as ClipError).code, "unknown-model");
    assert.match((error as Error).message, "did you mean ViT-B-32");
  }
  assert.throws(() => findConfig("x".repeat(1e6)), /not known/);
});

test("tapped blocks scale with depth", () => {
  assert.equal([1, 2, 4, 12, 24, 32].map(defaultOutBlocks), [
    [1],
    [1, 2],
    [2, 3, 4],
    [7, 9, 11],
    [14, 18, 22],
    [19, 24, 29],
  ]);
});

test("OpenCLIP JSON is read, also in its hub form and with odd sizes", () => {
  const config = parseConfig(JSON.stringify({ ...tiny(), out_blocks: [1, 4] }));
  assert.equal([config.vision.heads, config.text?.heads, config.outBlocks], [2, 2, [1, 4]]);
  assert.is(config.promptSymmetries, undefined);
  assert.is(parseConfig({ ...tiny(), prompt_turns: 8 }).promptSymmetries, 8);
  const hub = parseConfig({
    model_cfg: tiny(),
    preprocess_cfg: { mean: [0.5, 0.5, 0.5], interpolation: "bicubic" },
  });
  assert.equal([hub.preprocess.mean, hub.vision], [[0.5, 0.5, 0.5], config.vision]);
  const odd = parseConfig({
    embed_dim: 19,
    vision_cfg: {
      image_size: [45, 45],
      patch_size: 14,
      width: 33,
      head_width: 11,
      layers: 3,
      mlp_ratio: 2.5,
    },
  });
  assert.equal(
    [gridSize(odd.vision), odd.vision.heads, odd.vision.mlpWidth, odd.text],
    [3, 3, 82, undefined],
  );
  assert.equal(clipParameters(odd).get("visual.positional_embedding")?.shape, [10, 33]);
});

test("Hugging Face CLIP JSON fills in that library's defaults", () => {
  const config = parseConfig({
    model_type: "clip",
    projection_dim: 512,
    text_config: { bos_token_id: 0 },
    vision_config: { dropout: 0, hidden_act: "quick_gelu" },
  });
  assert.equal({ ...config, name: "ViT-B-32-quickgelu" }, findConfig("ViT-B-32-quickgelu"));
  refused({ vision_config: { hidden_act: "relu" } }, "hidden_act");
  refused({ vision_config: {}, text_config: { hidden_act: "gelu" } }, "both towers");
});

test("published example files are accepted", () => {
  if (!existsSync(shared)) return console.log("skipped: ../shared absent");
  const clip = parseConfig(readFileSync(new URL("golden/tiny/config.json", shared), "utf8"));
  assert.equal(clip.outBlocks, [2, 3, 4]);
  const deit = parseConfig(
    readFileSync(new URL("weights/deit-tiny-patch16-224/config.json", shared), "utf8"),
  );
  assert.equal({ ...deit, name: "" }, { ...findConfig("deit_tiny_patch16_224"), name: "" });
});

test("wrong, unknown and huge values are refused and named", () => {
  const vision = (change: object) => ({ ...tiny(), vision_cfg: { ...tiny().vision_cfg, ...change } });
  refused("{", "not JSON");
  refused([], "must be a JSON object");
  refused({}, "vision_cfg");
  refused({ ...tiny(), embed_dim: "32" }, /embed_dim: must be a whole number.*"32"/);
  refused({ ...tiny(), quick_gelu: 1 }, "quick_gelu");
  refused({ ...tiny(), custom: true }, '"custom"');
  refused({ ...tiny(), out_blocks: [5] }, "from 1 to 4");
  refused({ ...tiny(), out_blocks: [3, 2] }, "ascending");
  refused({ ...tiny(), prompt_turns: 4 }, /prompt_turns.*must be 1 or 8/);
  refused({ ...tiny(), text_cfg: { ...tiny().text_cfg, hf_model_name: "x" } }, "hf_model_name");
  refused({ ...tiny(), text_cfg: { ...tiny().text_cfg, heads: 5 } }, "does not divide into 5 heads");
  refused({ ...tiny(), text_cfg: { ...tiny().text_cfg, vocab_size: 2 ** 40 } }, "vocab_size");
  refused(vision({ width: 65 }), "head_width");
  refused(vision({ layers: 1e9 }), "layers");
  refused(vision({ image_size: [64, 32] }), "square");
  refused(vision({ image_size: 1.5 }), "image_size");
  refused(vision({ patch_size: 65 }), "larger than the image");
  refused(vision({ layers: [2, 2, 6, 2] }), "layers");
  refused(vision({ mlp_ratio: Number.NaN }), "mlp_ratio");
  refused(JSON.parse('{"__proto__": {"embed_dim": 1}}'), "vision_cfg");
});

test.run();
