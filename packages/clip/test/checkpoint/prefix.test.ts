import { test } from "uvu";
import * as assert from "uvu/assert";
import { findSpelling } from "../../src/checkpoint/prefix.js";
import { canonical, clip, huggingFace, open, prefixed, type Tensors, timm, vit } from "./spellings.js";

const openclip = canonical(clip);
const vision = new Map([...openclip].filter(([name]) => name.startsWith("visual.")));
const plain = timm(canonical(vit));
const one = openclip.get("visual.ln_post.bias")!;
const merged = (...parts: Tensors[]): Tensors => new Map(parts.flatMap((part) => [...part]));
const beside = (tensors: Tensors, ...names: string[]) =>
  merged(tensors, new Map(names.map((name) => [name, one])));

for (const [name, tensors, prefix, layout, others] of [
  ["names as they are", openclip, "", "openclip", []],
  ["an image tower alone", vision, "", "openclip", []],
  [
    "Lightning's module, with a loss beside it",
    beside(prefixed(vision, "model."), "criterion.weight"),
    "model.",
    "openclip",
    [],
  ],
  [
    "a prefix of one's own",
    beside(prefixed(openclip, "clip_model."), "head.weight"),
    "clip_model.",
    "openclip",
    [],
  ],
  [
    "several prefixes",
    prefixed(huggingFace(openclip), "_orig_mod.module.clip."),
    "_orig_mod.module.clip.",
    "huggingface",
    [],
  ],
  [
    "teacher and student",
    merged(prefixed(plain, "student.backbone."), prefixed(plain, "teacher.backbone.")),
    "teacher.backbone.",
    "timm",
    ["student.backbone."],
  ],
  [
    "averaged weights",
    merged(prefixed(plain, "model."), prefixed(plain, "ema_model.")),
    "ema_model.",
    "timm",
    ["model."],
  ],
] as const)
  test(`the model's prefix is found: ${name}`, () => {
    assert.equal(findSpelling([...tensors.keys()]), { prefix, layout, others });
  });

test("names of no model have no prefix", () => {
  assert.is(findSpelling(["encoder.bert.weight", "a.b.c"]), undefined);
});

test("tensors beside the model are not needed, and a choice between models is said", () => {
  const trained = open(beside(prefixed(vision, "model."), "criterion.weight"));
  assert.equal([trained.unexpected, trained.ignored, trained.notes], [[], ["criterion.weight"], []]);
  const both = open(merged(prefixed(plain, "model."), prefixed(plain, "ema_model.")));
  assert.match(
    both.notes.join(),
    't: holds several models; the weights under "ema_model." are taken, and not',
  );
});

test("a text tower under `text.`, as OpenCLIP saves some models, is the text tower", () => {
  const custom: Tensors = new Map(
    [...openclip].map(([name, tensor]) =>
      /^visual\.|^logit_scale/.test(name) ? [name, tensor] : [`text.${name}`, tensor],
    ),
  );
  const weights = open(custom);
  assert.equal([[...weights.keys.keys()].sort(), weights.unexpected], [[...openclip.keys()].sort(), []]);
});

for (const [name, says] of [
  ["vision_model.head.probe", "a SigLIP model"],
  ["vision_model.head.attention.in_proj_weight", "a SigLIP model"],
  ["visual.trunk.attn_pool.latent", "a SigLIP model"],
  ["rope_embed.periods", "a DINOv3 model"],
  ["layer.0.attention.q_proj.weight", "a DINOv3 model"],
  ["blocks.0.gamma_1", "timm's DINOv3"],
  ["blocks.0.mlp.fc1_g.weight", "an EVA model"],
  ["visual.blocks.0.attn.inner_attn_ln.weight", "an EVA model"],
  ["stages.0.blocks.0.conv_dw.weight", "a convolutional network"],
  ["stages.0.0.dwconv.weight", "a convolutional network"],
  ["convnext.encoder.stages.0.layers.0.dwconv.weight", "a convolutional network"],
  ["conv_stem.weight", "a convolutional network"],
  ["layers.0.blocks.0.attn.relative_position_bias_table", "a Swin"],
  ["swinv2.encoder.layers.0.blocks.0.attention.self.query.weight", "a Swin"],
  ["encoder.layers.encoder_layer_0.ln_1.weight", "torchvision's form"],
  ["visual.trunk.blocks.0.norm1.weight", "another network of timm's"],
  ["layer1.0.conv1.weight", "a ResNet"],
  ["visual.layer1.0.conv1.weight", "a CLIP model with a ResNet"],
  ["base_model.model.q_proj.lora_A.weight", "a LoRA adapter"],
] as const)
  test(`another network is named: ${name}`, () => {
    assert.throws(() => open(new Map([[name, one]])), says);
  });

test.run();
