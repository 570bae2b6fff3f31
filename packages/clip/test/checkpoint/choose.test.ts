import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serializeSafetensors } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseConfig } from "../../src/checkpoint/choose.js";
import { openWeights } from "../../src/checkpoint/open-weights.js";
import { CLIP_MEAN, IMAGENET_MEAN } from "../../src/config/types.js";
import { canonical, clip, huggingFace, type Tensors, timm, vit } from "./spellings.js";

const root = mkdtempSync(join(tmpdir(), "inctrl-choose-"));
test.after(() => rmSync(root, { recursive: true, force: true }));

/** The configuration of weights in a folder of their own with these files. */
async function chosen(tensors: Tensors, files: Readonly<Record<string, unknown>>, wanted?: string) {
  const folder = mkdtempSync(join(root, "m"));
  writeFileSync(join(folder, "model.safetensors"), Buffer.concat(serializeSafetensors(tensors)));
  for (const [name, json] of Object.entries(files))
    writeFileSync(join(folder, name), typeof json === "string" ? json : JSON.stringify(json));
  const weights = await openWeights(join(folder, "model.safetensors"));
  try {
    return await chooseConfig(weights, wanted && join(folder, wanted));
  } finally {
    await weights.close();
  }
}

const openclip = canonical(clip);
const hf = huggingFace(openclip);
const towerAlone: Tensors = new Map([...hf].filter(([name]) => name.startsWith("vision_model.")));
const plain = timm(canonical(vit));

const vision = {
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 256,
  image_size: 28,
  patch_size: 14,
};
const text = {
  hidden_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  intermediate_size: 128,
  max_position_embeddings: 5,
  vocab_size: 11,
};
const clipModel = { model_type: "clip", projection_dim: 6, vision_config: vision, text_config: text };
const model_cfg = {
  embed_dim: 6,
  quick_gelu: true,
  vision_cfg: { image_size: 28, layers: 2, width: 64, head_width: 32, patch_size: 14 },
  text_cfg: { context_length: 5, vocab_size: 11, width: 64, heads: 2, layers: 1, mlp_ratio: 2 },
};
const half = [0.5, 0.5, 0.5];
const hub = (more: object, cfg: object = {}) => ({
  architecture: "vit_tiny_patch16_224",
  pretrained_cfg: { mean: half, std: half, interpolation: "bicubic", input_size: [3, 32, 32], ...cfg },
  ...more,
});

interface Wanted {
  readonly activation: string;
  readonly heads: number;
  /** Heads of the text tower, where there is one. */
  readonly text?: number;
  readonly eps?: number;
  readonly mean?: readonly number[];
}

for (const [name, tensors, files, want] of [
  ["CLIPModel", hf, { "config.json": clipModel }, { activation: "quick_gelu", heads: 2, text: 4, eps: 1e-5 }],
  [
    "CLIPModel with another activation and eps",
    hf,
    {
      "config.json": {
        ...clipModel,
        vision_config: { ...vision, hidden_act: "gelu", layer_norm_eps: 1e-6 },
        text_config: { ...text, hidden_act: "gelu" },
      },
    },
    { activation: "gelu", heads: 2, text: 4, eps: 1e-6 },
  ],
  [
    "CLIPVisionModel without projection",
    towerAlone,
    { "config.json": { model_type: "clip_vision_model", projection_dim: 6, ...vision } },
    { activation: "quick_gelu", heads: 2, mean: CLIP_MEAN, eps: 1e-5 },
  ],
  [
    "a tower alone beside CLIPModel's configuration",
    towerAlone,
    { "config.json": clipModel },
    { activation: "quick_gelu", heads: 2, eps: 1e-5 },
  ],
  [
    "OpenCLIP, before Hugging Face's of the same folder",
    openclip,
    { "open_clip_config.json": { model_cfg, preprocess_cfg: { mean: half } }, "config.json": clipModel },
    { activation: "quick_gelu", heads: 2, text: 2, mean: half },
  ],
  [
    "OpenCLIP's configuration alone",
    openclip,
    { "config.json": model_cfg },
    { activation: "quick_gelu", heads: 2, text: 2 },
  ],
  [
    "timm on the hub",
    plain,
    { "config.json": hub({}) },
    { activation: "gelu", heads: 3, mean: half, eps: 1e-6 },
  ],
  [
    "timm's QuickGELU, by its name",
    plain,
    { "config.json": hub({ architecture: "vit_base_patch32_clip_quickgelu_224" }) },
    { activation: "quick_gelu", heads: 3 },
  ],
  [
    "timm's arguments",
    plain,
    { "config.json": hub({ model_args: { act_layer: "quick_gelu", num_heads: 6 } }) },
    { activation: "quick_gelu", heads: 6 },
  ],
  [
    "a processor",
    hf,
    {
      "config.json": clipModel,
      "preprocessor_config.json": { image_mean: half, crop_size: { height: 28, width: 28 }, resample: 3 },
    },
    { activation: "quick_gelu", heads: 2, text: 4, mean: half },
  ],
  [
    "a processor that does not normalise",
    hf,
    { "config.json": clipModel, "preprocessor_config.json": { do_normalize: false } },
    { activation: "quick_gelu", heads: 2, text: 4, mean: [0, 0, 0] },
  ],
] as const)
  test(`what stands beside the weights is read, and nothing is guessed: ${name}`, async () => {
    const { config, notes } = await chosen(tensors, files);
    const { heads, lnEps } = config.vision;
    const { activation, text, preprocess } = config;
    const { eps = lnEps, mean = preprocess.mean, ...rest }: Wanted = want;
    assert.equal({ activation, heads, ...(text && { text: text.heads }) }, rest);
    assert.equal([lnEps, [...preprocess.mean]], [eps, [...mean]]);
    assert.equal(notes, []);
  });

for (const [name, tensors, files, says] of [
  [
    "a bare CLIP",
    hf,
    {},
    /no configuration beside it; guessed: activation GELU, heads 1, layer norm eps 0.00001, mean 0.481 0.458 0.408$/,
  ],
  ["a bare ViT", plain, {}, /guessed: activation GELU, heads 3, layer norm eps 0.000001, mean 0.485/],
  [
    "JSON of something else",
    plain,
    { "config.json": { port: 80 } },
    /config\.json: describes no model.*guessed/,
  ],
  [
    "another filter",
    plain,
    { "config.json": hub({}, { interpolation: "nearest" }) },
    /resized by nearest; here/,
  ],
  ["another way of cropping", plain, { "config.json": hub({}, { crop_mode: "border" }) }, /were padded/],
  [
    "a squash",
    hf,
    { "config.json": clipModel, "preprocessor_config.json": { size: { height: 28, width: 28 } } },
    /were squashed/,
  ],
  [
    "a crop",
    plain,
    { "config.json": hub({}, { crop_pct: 0.875 }) },
    /resized to 36 pixels and their middle 32 taken/,
  ],
  [
    "another size",
    hf,
    { "config.json": clipModel, "preprocessor_config.json": { size: { shortest_edge: 56 } } },
    /had 56 pixels/,
  ],
] as const)
  test(`what is guessed or not followed is said: ${name}`, async () => {
    assert.match((await chosen(tensors, files)).notes.join("; "), says);
  });

const SIDE = 28;
const beside = (fields: object) => ({ "config.json": clipModel, "preprocessor_config.json": fields });

/** What files say of pixels, and what of the preprocessing follows. */
const PIXELS: [string, Parameters<typeof chosen>[0], Parameters<typeof chosen>[1], unknown[]][] = [
  ["timm's share", plain, { "config.json": hub({}, { crop_pct: 0.9 }) }, [32, 35, "bicubic"]],
  ["timm's filter", plain, { "config.json": hub({}, { interpolation: "bilinear" }) }, [32, 0, "bilinear"]],
  ["an edge", hf, beside({ size: 32, crop_size: SIDE, resample: 1 }), [SIDE, 32, "lanczos"]],
  ["a size alone", hf, beside({ size: { shortest_edge: SIDE }, resample: 2 }), [SIDE, 0, "bilinear"]],
  ["another crop", hf, beside({ size: 60, crop_size: 56 }), [SIDE, 0, "bicubic"]],
];

for (const [name, tensors, files, want] of PIXELS)
  test(`what is said of pixels is followed: ${name}`, async () => {
    const { size, resize = 0, interpolation } = (await chosen(tensors, files)).config.preprocess;
    assert.equal([size, resize, interpolation], want);
  });

test("CLIP's image tower without a projection is none of ImageNet's", async () => {
  const { config } = await chosen(towerAlone, {});
  assert.equal([config.vision.lnEps, config.preprocess.mean], [1e-5, CLIP_MEAN]);
  assert.equal((await chosen(plain, {})).config.preprocess.mean, IMAGENET_MEAN);
});

for (const [name, files, says] of [
  [
    "other sizes",
    { "config.json": { ...clipModel, vision_config: { ...vision, num_hidden_layers: 3, patch_size: 7 } } },
    /config\.json: contradicts model\.safetensors beside it: patch size 7 where the tensors have 14, patches 16 where the tensors have 5?4?.*, vision layers 3 where/,
  ],
  [
    "another network",
    { "config.json": { model_type: "siglip", vision_config: vision } },
    /config\.json: .*model_type.*"siglip"/,
  ],
  [
    "an unknown activation",
    { "config.json": { ...clipModel, vision_config: { ...vision, hidden_act: "relu" } } },
    /hidden_act/,
  ],
  ["no JSON", { "config.json": "{" }, /config\.json: config: is not JSON/],
  [
    "a deviation of 0",
    { "config.json": clipModel, "preprocessor_config.json": { image_std: [0, 1, 1] } },
    /preprocessor_config\.json: .*image_std/,
  ],
  [
    "a crop larger than the image",
    beside({ size: 20, crop_size: SIDE }),
    /crop_size: must be at most the size, 20/,
  ],
  [
    "no square",
    beside({ size: { height: 28, width: 20 } }),
    /preprocessor_config\.json: .*size: must be of a square/,
  ],
  ["another scale", beside({ rescale_factor: 0.5 }), /rescale_factor: must be 1\/255/],
  [
    "nested lists",
    {
      "config.json": `{"model_type": "clip", "vision_config": {"image_size": ${"[".repeat(1e5)}${"]".repeat(1e5)}}}`,
    },
    /nested too deeply/,
  ],
] as const)
  test(`what contradicts is refused: ${name}`, async () => {
    const error = await chosen(hf, files).then(
      () => assert.unreachable(),
      (error) => error,
    );
    assert.is(error.code, "config", error.stack);
    assert.match(error.message, says);
    assert.ok(error.message.length < 600);
  });

test("a named file is followed in place of those beside the weights", async () => {
  const files = { "config.json": { model_type: "bert" }, "mine.json": clipModel, "hub.json": hub({}) };
  assert.is((await chosen(hf, files, "mine.json")).config.activation, "quick_gelu");
  assert.equal((await chosen(plain, files, "hub.json")).config.preprocess.mean, half);
});

test.run();
