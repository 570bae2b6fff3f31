// Small models with all their tensors, in each spelling of names that checkpoints have.
import { parseSafetensors, type StoredTensor, serializeSafetensors, sizeOf } from "@inctrl/tensor";
import { canonicalWeights, type OpenOptions } from "../../src/checkpoint/weights.js";
import { parseConfig } from "../../src/config/parse.js";
import type { ModelConfig } from "../../src/config/types.js";
import { clipParameters } from "../../src/model/clip.js";

/** A CLIP of a few blocks. */
export const clip = parseConfig({
  embed_dim: 6,
  vision_cfg: { image_size: 28, layers: 2, width: 64, patch_size: 14 },
  text_cfg: { context_length: 5, vocab_size: 11, width: 64, heads: 1, layers: 1, mlp_ratio: 2 },
});
/** A timm ViT of two blocks. */
export const vit = parseConfig({
  img_size: 32,
  patch_size: 16,
  embed_dim: 192,
  depth: 2,
  num_heads: 3,
  mlp_ratio: 2,
});

export type Tensors = Map<string, StoredTensor>;

/** Every tensor of a model under canonical names, each value different. */
export function canonical(config: ModelConfig): Tensors {
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
export const extra = (name: string) => name.startsWith("adapter.") || name.startsWith("diff_head");

export const open = (tensors: Tensors, options?: OpenOptions) =>
  canonicalWeights(parseSafetensors(Buffer.concat(serializeSafetensors(tensors)), "t"), options);

function transposed({ shape, data }: StoredTensor): StoredTensor {
  const [rows, columns] = shape as [number, number];
  const values = data as Float32Array;
  const out = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
  return { dtype: "F32", shape: [columns, rows], data: out };
}

/** Rewrites canonical names as Hugging Face spells them. */
export function huggingFace(tensors: Tensors): Tensors {
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

/** Rewrites canonical names as timm spells them. */
export function timm(tensors: Tensors): Tensors {
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

export const prefixed = (tensors: Tensors, prefix: string): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));
