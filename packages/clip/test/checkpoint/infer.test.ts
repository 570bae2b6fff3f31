import { closing } from "@inctrl/tensor/files";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { positionsIn } from "../../src/checkpoint/check.js";
import { inferConfig } from "../../src/checkpoint/infer.js";
import type { Weights } from "../../src/checkpoint/weights.js";
import { findConfig } from "../../src/config/registry.js";
import { clipParameters } from "../../src/model/clip.js";

test("registry models are recognised by their shapes, and the settings that shapes do not determine are theirs", () => {
  for (const name of [
    "ViT-H-14",
    "ViT-B-16-plus-240",
    "ViT-L-14-336",
    "deit_small_patch16_224",
    "deit_tiny_distilled_patch16_224",
    "vit_small_patch14_dinov2",
    "vit_giant_patch14_reg4_dinov2",
  ]) {
    const config = findConfig(name);
    const keys = clipParameters(config);
    const weights = fake(keys);
    assert.is(inferConfig(weights).name, name);
    for (const key of [...keys.keys()]) if (!key.startsWith("visual.")) keys.delete(key);
    const alone = inferConfig(weights);
    assert.equal([alone.vision, alone.text], [config.vision, undefined], name);
  }
  const keys = clipParameters(findConfig("ViT-B-32"));
  assert.is(inferConfig(fake(keys, { torchscript: "__torch__.CLIP" })).name, "ViT-B-32-quickgelu");
});

test("positions stand for class tokens and a square grid; class tokens may hold their own, but not in CLIP", () => {
  const rows: [rows: number, vision: { distilled?: boolean; proj: boolean }, found: unknown][] = [
    [17, { proj: true }, { side: 4, prefix: 1 }],
    [16, { proj: true }, undefined],
    [16, { proj: false }, { side: 4, prefix: 0 }],
    [18, { proj: false, distilled: true }, { side: 4, prefix: 2 }],
    [18, { proj: false }, undefined],
    [1, { proj: true }, undefined],
  ];
  for (const [count, vision, found] of rows)
    assert.equal(positionsIn([count, 8], { width: 8, ...vision }), found, `${count}`);
  assert.is(positionsIn([17, 9], { width: 8, proj: true }), undefined);
});

function fake(
  keys: Map<string, { shape: readonly number[] }>,
  metadata: Record<string, string> = {},
): Weights {
  return {
    path: "fake",
    layout: "openclip",
    dtype: "F32",
    file: { metadata } as Weights["file"],
    keys,
    has: (name) => keys.has(name),
    shape: (name) => keys.get(name)!.shape,
    readFloat32: () => Promise.reject(new Error("no values")),
    unexpected: [],
    ignored: [],
    notes: [],
    extra: new Set(),
    ...closing(async () => {}),
  };
}

test.run();
