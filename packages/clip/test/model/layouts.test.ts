import { test } from "uvu";
import * as assert from "uvu/assert";
import { findSpelling } from "../../src/checkpoint/prefix.js";
import { type Fate, type Layout, rename } from "../../src/model/layouts.js";

const block = (i: number, name: string) => ({ to: `visual.transformer.resblocks.${i}.${name}` });

const ROWS: [layout: Layout, name: string, fate: Fate][] = [
  ["timm", "dist_token", { to: "visual.distillation_embedding" }],
  ["timm", "head_dist.weight", "ignored"],
  ["timm", "reg_token", { to: "visual.register_tokens" }],
  ["timm", "register_tokens", { to: "visual.register_tokens" }],
  ["timm", "blocks.11.ls1.gamma", block(11, "ls_1.gamma")],
  ["timm", "blocks.3.11.mlp.w12.bias", block(11, "mlp.c_fc.bias")],
  ["timm", "blocks.0.mlp.w3.weight", block(0, "mlp.c_proj.weight")],
  ["timm", "blocks.7.gamma_2", block(7, "ls_2.gamma")],
  ["timm", "blocks.7.attn.q_norm.weight", "unexpected"],
  ["huggingface", "embeddings.distillation_token", { to: "visual.distillation_embedding" }],
  ["huggingface", "distillation_classifier.bias", "ignored"],
  ["huggingface", "encoder.layer.10.layernorm_before.bias", block(10, "ln_1.bias")],
  ["huggingface", "encoder.layer.0.output.dense.weight", block(0, "mlp.c_proj.weight")],
  ["huggingface", "encoder.layer.0.attention.output.dense.weight", block(0, "attn.out_proj.weight")],
  ["huggingface", "encoder.layer.2.layer_scale2.lambda1", block(2, "ls_2.gamma")],
  [
    "huggingface",
    "encoder.layer.2.attention.attention.key.weight",
    { ...block(2, "attn.in_proj_weight"), part: [1, 3] },
  ],
  ["huggingface", "embeddings.register_tokens", { to: "visual.register_tokens" }],
  ["huggingface", "encoder.layer.2.mlp.gate_proj.weight", "unexpected"],
];
for (const [layout, name, fate] of ROWS)
  test(`${layout} ${name}`, () => assert.equal(rename(layout, name), fate));

test("Hugging Face's plain transformers are told by their patches, whatever model's name stands before them", () => {
  for (const prefix of ["", "vit.", "dinov2_with_registers."]) {
    const names = ["classifier.bias", `${prefix}embeddings.patch_embeddings.projection.bias`];
    assert.equal(findSpelling(names), { prefix, layout: "huggingface", others: [] });
  }
});

test.run();
