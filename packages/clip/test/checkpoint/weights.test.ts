import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSafetensors, type StoredTensor, serializeSafetensors, sizeOf } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkKeys, readParameter, requireKeys } from "../../src/checkpoint/check.js";
import { inferConfig } from "../../src/checkpoint/infer.js";
import {
  canonicalWeights,
  type OpenOptions,
  openWeights,
  type Weights,
} from "../../src/checkpoint/weights.js";
import { parseConfig } from "../../src/config/parse.js";
import { findConfig } from "../../src/config/registry.js";
import type { ModelConfig } from "../../src/config/types.js";
import { ClipError } from "../../src/errors.js";
import { clipParameters } from "../../src/model/clip.js";

const shared = fileURLToPath(new URL("../../../../../shared/", import.meta.url));

const clip = parseConfig({
  embed_dim: 6,
  vision_cfg: { image_size: 28, layers: 2, width: 64, patch_size: 14 },
  text_cfg: { context_length: 5, vocab_size: 11, width: 64, heads: 1, layers: 1, mlp_ratio: 2 },
});
const vit = parseConfig({
  img_size: 32,
  patch_size: 16,
  embed_dim: 192,
  depth: 2,
  num_heads: 3,
  mlp_ratio: 2,
});

type Tensors = Map<string, StoredTensor>;

/** Every tensor of a model under canonical names, each value different. */
function canonical(config: ModelConfig): Tensors {
  let next = 0;
  const tensors: Tensors = new Map();
  for (const [name, { shape }] of clipParameters(config)) {
    const count = sizeOf(shape);
    tensors.set(name, {
      dtype: "F32",
      shape,
      data: Float32Array.from({ length: count }, () => next++ % 9973),
    });
  }
  return tensors;
}

/** Heads of a model that was trained on top, in the same file. */
const extra = (name: string) => name.startsWith("adapter.") || name.startsWith("diff_head");

const open = (tensors: Tensors, options?: OpenOptions) =>
  canonicalWeights(parseSafetensors(Buffer.concat(serializeSafetensors(tensors)), "t"), options);

function transposed({ shape, data }: StoredTensor): StoredTensor {
  const [rows, columns] = shape as [number, number];
  const values = data as Float32Array;
  const out = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
  return { dtype: "F32", shape: [columns, rows], data: out };
}

/** Rewrites canonical names as Hugging Face spells them. */
function huggingFace(tensors: Tensors): Tensors {
  const out: Tensors = new Map();
  for (const [name, tensor] of tensors) {
    const tower = name.startsWith("visual.") ? "vision" : "text";
    const hf = name
      .replace(/^(?:visual\.)?transformer\.resblocks\./, `${tower}_model.encoder.layers.`)
      .replace("ln_1", "layer_norm1")
      .replace("ln_2", "layer_norm2")
      .replace("attn.out_proj", "self_attn.out_proj")
      .replace("mlp.c_fc", "mlp.fc1")
      .replace("mlp.c_proj", "mlp.fc2")
      .replace("visual.ln_pre", "vision_model.pre_layrnorm")
      .replace("visual.ln_post", "vision_model.post_layernorm")
      .replace("ln_final", "text_model.final_layer_norm")
      .replace("visual.class_embedding", "vision_model.embeddings.class_embedding")
      .replace("visual.conv1", "vision_model.embeddings.patch_embedding")
      .replace("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight")
      .replace(/^positional_embedding/, "text_model.embeddings.position_embedding.weight")
      .replace("token_embedding", "text_model.embeddings.token_embedding");
    if (name === "visual.proj") out.set("visual_projection.weight", transposed(tensor));
    else if (name === "text_projection") out.set("text_projection.weight", transposed(tensor));
    else if (name.includes("in_proj_")) {
      const [rows, ...rest] = tensor.shape as [number, ...number[]];
      const part = tensor.data.length / 3;
      for (const [i, which] of ["q", "k", "v"].entries())
        out.set(hf.replace("attn.in_proj_", `self_attn.${which}_proj.`), {
          dtype: "F32",
          shape: [rows / 3, ...rest],
          data: (tensor.data as Float32Array).slice(i * part, (i + 1) * part),
        });
    } else out.set(hf, tensor);
  }
  const ids = { dtype: "I64" as const, shape: [1, 5], data: new BigInt64Array(5) };
  return out.set("text_model.embeddings.position_ids", ids).set("vision_model.embeddings.position_ids", ids);
}

function timm(tensors: Tensors): Tensors {
  const out: Tensors = new Map();
  for (const [name, tensor] of tensors) {
    const { shape } = tensor;
    if (name === "visual.class_embedding") out.set("cls_token", { ...tensor, shape: [1, 1, ...shape] });
    else if (name === "visual.positional_embedding")
      out.set("pos_embed", { ...tensor, shape: [1, ...shape] });
    else
      out.set(
        name
          .replace("visual.transformer.resblocks.", "blocks.")
          .replace("ln_1", "norm1")
          .replace("ln_2", "norm2")
          .replace("attn.in_proj_", "attn.qkv.")
          .replace("attn.out_proj", "attn.proj")
          .replace("mlp.c_fc", "mlp.fc1")
          .replace("mlp.c_proj", "mlp.fc2")
          .replace("visual.ln_post", "norm")
          .replace("visual.conv1", "patch_embed.proj"),
        tensor,
      );
  }
  const head = { dtype: "F32" as const, shape: [2], data: Float32Array.of(1, 2) };
  return out.set("head.weight", head).set("head.bias", head);
}

const prefixed = (tensors: Tensors, prefix: string): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));

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

test("timm names are a vision tower with a biased patch embedding, no projection and a head we pass over", async () => {
  const tensors = canonical(vit);
  const weights = open(timm(tensors));
  assert.is(weights.layout, "timm");
  await assertSame(weights, tensors);
  assert.equal([...weights.ignored], ["head.weight", "head.bias"]);
  assert.equal({ ...inferConfig(weights) }, vit);
  requireKeys(weights, vit, { parts: "vision" });
});

test("shapes of registry models are recognised, with what shapes cannot tell", () => {
  for (const name of ["ViT-H-14", "ViT-B-16-plus-240", "ViT-L-14-336", "deit_small_patch16_224"]) {
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
    extra: new Set(),
    close: async () => {},
  };
}

test("missing, unexpected and misshaped tensors are reported, and parts that are asked for beside the model are not", () => {
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

test("other parts alone, and files of something else", () => {
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
      const worst = Math.max(...a.map((x, i) => Math.abs(x - b[i]!) - tolerance * Math.abs(x)));
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
