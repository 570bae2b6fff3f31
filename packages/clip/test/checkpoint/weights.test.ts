import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkKeys, readParameter, requireKeys } from "../../src/checkpoint/check.js";
import { inferConfig } from "../../src/checkpoint/infer.js";
import { openWeights } from "../../src/checkpoint/open-weights.js";
import type { Weights } from "../../src/checkpoint/weights.js";
import { parseConfig } from "../../src/config/parse.js";
import { findConfig } from "../../src/config/registry.js";
import { ClipError } from "../../src/errors.js";
import { canonical, clip, extra, huggingFace, open, prefixed, type Tensors, timm, vit } from "./spellings.js";

const shared = fileURLToPath(new URL("../../../../../shared/", import.meta.url));

async function assertSame(weights: Weights, tensors: Tensors): Promise<void> {
  assert.equal([...weights.keys.keys()].sort(), [...tensors.keys()].sort());
  for (const [name, { shape, data }] of tensors) {
    assert.equal([...weights.shape(name)], [...shape], name);
    assert.equal(await weights.readFloat32(name), data, name);
  }
}

test("OpenCLIP, Hugging Face and wrapped names give the same model", async () => {
  const tensors = canonical(clip);
  for (const [layout, spelt] of [
    ["openclip", tensors],
    ["openclip", prefixed(tensors, "module.")],
    ["openclip", prefixed(tensors, "_orig_mod.module.")],
    ["huggingface", huggingFace(tensors)],
  ] as const) {
    const weights = open(spelt);
    assert.is(weights.layout, layout);
    await assertSame(weights, tensors);
    assert.equal(weights.unexpected, []);
    assert.is(weights.ignored.length, layout === "huggingface" ? 2 : 0);
    assert.equal({ ...inferConfig(weights) }, clip);
    requireKeys(weights, clip, { parts: "clip" });
  }
});

test("timm names give a vision tower with a biased patch embedding, without projection and classifier", async () => {
  const tensors = canonical(vit);
  const weights = open(timm(tensors));
  assert.is(weights.layout, "timm");
  await assertSame(weights, tensors);
  assert.equal([...weights.ignored], ["head.weight", "head.bias"]);
  assert.equal({ ...inferConfig(weights) }, vit);
  requireKeys(weights, vit, { parts: "vision" });
});

test("missing, unexpected and misshaped tensors are reported, and accepted extra parts are not", () => {
  const tensors = canonical(clip);
  tensors.delete("visual.ln_post.bias");
  tensors.set("visual.proj", { dtype: "F32", shape: [1, 2], data: new Float32Array(2) });
  tensors.set("visual.extra", { dtype: "F32", shape: [1], data: new Float32Array(1) });
  tensors.set("adapter.fc.0.weight", { dtype: "F32", shape: [1], data: new Float32Array(1) });
  tensors.set("diff_head_ref.bn1.num_batches_tracked", {
    dtype: "I64",
    shape: [],
    data: new BigInt64Array(1),
  });
  assert.equal([...open(tensors).unexpected].sort(), [
    "adapter.fc.0.weight",
    "diff_head_ref.bn1.num_batches_tracked",
    "visual.extra",
  ]);
  const weights = open(tensors, { extra });
  assert.ok(weights.has("adapter.fc.0.weight"));
  assert.equal(checkKeys(weights, clip, { parts: "clip" }), {
    missing: ["visual.ln_post.bias"],
    unexpected: ["visual.extra"],
    misshaped: [{ name: "visual.proj", got: [1, 2], want: [64, 6] }],
  });
  const { text: _, ...visionOnly } = clip;
  assert.ok(checkKeys(weights, visionOnly, { parts: "clip" }).unexpected.includes("token_embedding.weight"));
  assert.equal(checkKeys(weights, visionOnly, { parts: "vision" }).unexpected, ["visual.extra"]);
  try {
    requireKeys(weights, findConfig("ViT-B-16"), { parts: "clip" });
    assert.unreachable();
  } catch (error) {
    assert.is((error as ClipError).code, "keys");
    assert.match(
      (error as Error).message,
      /^t: does not fit ViT-B-16: 2\d\d missing \((?:"[^"]+",? ?){8} and/,
    );
    assert.ok((error as Error).message.length < 2500);
  }
});

test("a Hugging Face file that lost one of q, k and v misses the stacked tensor", () => {
  const tensors = huggingFace(canonical(clip));
  tensors.delete("vision_model.encoder.layers.1.self_attn.k_proj.weight");
  const weights = open(tensors);
  assert.equal(weights.unexpected.length, 2);
  assert.equal(checkKeys(weights, clip, { parts: "clip" }).missing, [
    "visual.transformer.resblocks.1.attn.in_proj_weight",
  ]);
});

test("another image size resizes the positional embedding", async () => {
  const weights = open(canonical(clip));
  const larger = { ...clip, vision: { ...clip.vision, imageSize: 42 } };
  requireKeys(weights, larger, { parts: "clip" });
  const values = await readParameter(weights, larger, "visual.positional_embedding");
  assert.is(values.length, 10 * 64);
  assert.equal(values.slice(0, 64), (await weights.readFloat32("visual.positional_embedding")).slice(0, 64));
});

test("a file of extra parts alone opens, and a file of another model is refused", () => {
  const one = { dtype: "F32" as const, shape: [1], data: new Float32Array(1) };
  const heads = open(new Map([["diff_head.projection1.bias", one]]), { extra });
  assert.is(heads.layout, "none");
  assert.throws(() => inferConfig(heads), /visual\.conv1\.weight/);
  assert.throws(
    () => open(new Map([["encoder.bert.weight", one]])),
    /no CLIP or ViT checkpoint.*encoder\.bert/,
  );
  const odd = open(new Map([["visual.conv1.weight", { ...one, shape: [1, 1] }]]));
  assert.throws(
    () => inferConfig(odd),
    (error: unknown) => error instanceof ClipError && error.code === "layout",
  );
});

test("every golden checkpoint is the same model", async () => {
  if (!existsSync(shared)) return console.log("skipped: ../shared absent");
  const want = await openWeights(`${shared}golden/tiny/clip.safetensors`);
  const config = parseConfig({
    embed_dim: 32,
    vision_cfg: { image_size: 64, layers: 4, width: 64, head_width: 32, patch_size: 16 },
    text_cfg: { context_length: 24, vocab_size: 600, width: 32, heads: 2, layers: 2 },
  });
  for (const [name, dtype, tolerance] of [
    ["clip.pt", "F32", 0],
    ["clip-trainer-fp16.pt", "F16", 5e-4],
    ["inctrl.pyth", "F32", 0],
  ] as const) {
    const got = await openWeights(`${shared}golden/tiny/${name}`, { extra });
    requireKeys(got, config, { parts: "clip" });
    assert.equal([got.dtype, got.layout, got.unexpected, got.ignored], [dtype, "openclip", [], []], name);
    for (const key of want.keys.keys()) {
      const [a, b] = await Promise.all([want.readFloat32(key), got.readFloat32(key)]);
      const worst = Math.max(...a.map((x, i) => Math.abs(x - b[i]) - tolerance * Math.abs(x)));
      assert.ok(worst <= 1e-7, `${name} ${key}: ${worst}`);
    }
    if (name === "inctrl.pyth")
      assert.equal([...(await got.readFloat32("diff_head.bn1.num_batches_tracked"))].length, 1);
    await got.close();
  }
  await want.close();
});

test("the real DeiT-Tiny file", async () => {
  if (!existsSync(shared)) return console.log("skipped: ../shared absent");
  const weights = await openWeights(`${shared}weights/deit-tiny-patch16-224/model.safetensors`);
  const config = inferConfig(weights);
  assert.equal(config, findConfig("deit_tiny_patch16_224"));
  requireKeys(weights, config, { parts: "vision" });
  assert.equal([...weights.ignored].sort(), ["head.bias", "head.weight"]);
  const values = await weights.readFloat32("visual.transformer.resblocks.11.attn.in_proj_weight");
  assert.is(values.length, 576 * 192);
  await weights.close();
});

test.run();
